import { MIGRATIONS } from './places.ts'
import type { Breach, Rule } from './rule.ts'
import { breach, migrations, type SqlText } from './sql-rules.ts'

/** Written before there was a rule, and in no release before it. */
const BEFORE: Readonly<Record<'checks' | 'indexes' | 'removals', readonly string[]>> = {
  checks: ['0041', '0064', '0074', '0096', '0097', '0104', '0120'],
  indexes: ['0074', '0102', '0103'],
  removals: ['0041'],
}

/** A migration holds its locks until its end: on a table that was there before it does not read every row under them. */
export const briefMigrations: Rule = (tree) =>
  migrations(tree).flatMap((text): Breach[] => {
    const isFree = (rule: keyof typeof BEFORE) =>
      BEFORE[rule].includes(text.file.path.slice(MIGRATIONS.length, MIGRATIONS.length + 4))
    return [
      ...(isFree('checks') ? [] : checkBreaches(text)),
      ...(isFree('indexes') ? [] : indexBreaches(text)),
      ...(isFree('removals') ? [] : removalBreaches(text)),
    ]
  })

const ALTERATION = /\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(\w+\.\w+)([^;]*)/gi

function checkBreaches(text: SqlText): Breach[] {
  const isNew = newTables(text)
  return [...text.sql.matchAll(ALTERATION)]
    .filter(([, table]) => !isNew(table!))
    .flatMap(({ 0: whole, 2: actions, index }) =>
      actionsOf(actions!).flatMap(({ action, offset }) => {
        const message = checkMessage(action, text.sql)
        return message ? [breach(text, index + whole.length - actions!.length + offset, message)] : []
      }),
    )
}

function checkMessage(action: string, sql: string): string | undefined {
  const validated = /^\s*validate\s+constraint\s+(\w+)/i.exec(action)?.[1]
  if (validated && new RegExp(`\\badd\\s+constraint\\s+${validated}\\b`, 'i').test(sql))
    return 'a check is validated by a later migration than the one that adds it'
  if (!/^\s*add\b/i.test(action) || !/\bcheck\s*\(|\breferences\b/i.test(action)) return undefined
  return /\bnot\s+valid\b/i.test(action) ? undefined : 'a check on a table that was there before is added "not valid"'
}

function indexBreaches(text: SqlText): Breach[] {
  const isNew = newTables(text)
  const isAlone = text.sql.trim().replace(/;$/, '').includes(';') === false
  const made = text.sql.matchAll(/\bcreate\s+(?:unique\s+)?index\b[^;(]*?\bon\s+(?:only\s+)?(\w+\.\w+)/gi)
  const message = 'an index on a table that was there before has a file of its own: nobody writes to it meanwhile'
  return [...made].filter(([, table]) => !isNew(table!) && !isAlone).map(({ index }) => breach(text, index, message))
}

/** What is gone is missed by whoever still reads it: see docs/decisions/0112-who-may-start-on-which-schema.md. */
function removalBreaches(text: SqlText): Breach[] {
  if (/\bset\s+must_be_known\b/i.test(text.sql)) return []
  const removals =
    /\bdrop\s+(?:table|column)\b|\balter\s+(?:table|view)\b[^;]*?\brename\s+(?!constraint\b)|\balter\s+table\b[^;,]*\bset\s+schema\b/gi
  const message = 'what takes away what an older release reads marks who is left behind: set must_be_known'
  return [...text.sql.matchAll(removals)].map(({ index }) => breach(text, index, message))
}

function newTables({ sql }: SqlText): (table: string) => boolean {
  const made = sql.matchAll(/\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?(\w+\.\w+)/gi)
  const tables = new Set([...made].map(([, table]) => table!.toLowerCase()))
  return (table) => tables.has(table.toLowerCase())
}

/** The actions of an `alter table`, between commas that stand in no parenthesis. */
function actionsOf(text: string): { action: string; offset: number }[] {
  const actions: { action: string; offset: number }[] = []
  let [depth, from] = [0, 0]
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === '(') depth++
    else if (text[at] === ')') depth--
    else if (at === text.length || (text[at] === ',' && depth === 0)) {
      actions.push({ action: text.slice(from, at), offset: from + /^\s*/.exec(text.slice(from, at))![0].length })
      from = at + 1
    }
  }
  return actions
}
