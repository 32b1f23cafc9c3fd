import { isProduction, isTestSide, MIGRATIONS, SERVER_SRC, sliceOf, sliceOfMigration } from './places.ts'
import { type Breach, breachAt, type Rule, type Tree } from './rule.ts'
import type { SourceText, StringLiteral } from './source-text.ts'

/** A text of SQL in a migration or in a string of the server. */
export interface SqlText {
  readonly file: { readonly path: string; readonly text: string }
  /** Where it begins in the file. */
  readonly offset: number
  /** Comments are blanks. */
  readonly sql: string
  readonly slice: string | undefined
}

const STATEMENT =
  /^\s*(?:select\s|insert\s+into\s|update\s+\S+\s+(?:\w+\s+)?set\s|delete\s+from\s|with\s+(?:recursive\s+)?\w+\s+as\s|(?:create|alter|drop)\s+(?:table|view|schema|role|user|database|index|policy|function|sequence|extension)\s|truncate\s|(?:grant|revoke)\s.+\s(?:to|from)\s|set\s+(?:local|role|session)\s|copy\s+[\w.]+\s*\(|lock\s+table\s|(?:un)?listen\s+\S+$)/i

/** PostgreSQL takes no parameters in these; db/ alone runs them, with escaped names. */
const WITHOUT_PARAMETERS = /^\s*(?:create|alter|drop|grant|revoke)\s/i

/** The installation has one clock in SQL; the server's own would run on while the rig stands still. */
const SERVER_TIME =
  /(?<!aegis\.)\bnow\s*\(\s*\)|(?<!')\b(?:current_timestamp|current_date|current_time|localtimestamp|localtime)\b(?!')|\b(?:clock|statement|transaction)_timestamp\b|\btimeofday\s*\(|'now'/gi

/** Where aegis.now() is defined, and where it is set against the machine's time. */
const CLOCK_DEFINITION = /create\s+(?:or\s+replace\s+)?function\s+aegis\.now\s*\(\s*\)[^$;]*(?:(\$\w*\$)[\s\S]*?\1|;)/gi
const CLOCK_SETTING = `${SERVER_SRC}db/sql-clock.sql.ts`

/** pg-boss keeps the machine's time in its own tables; the queue is the one slice that writes to them. */
const isOnPgBossTime = ({ slice, sql }: SqlText) => slice === 'queue' && /\bpgboss\./.test(sql)

export const oneSqlClock: Rule = (tree) =>
  [...migrations(tree), ...serverStrings(tree)]
    .filter((text) => text.file.path !== CLOCK_SETTING && !isOnPgBossTime(text))
    .flatMap((text) => {
      const sql = text.sql.replace(CLOCK_DEFINITION, blanks)
      return [...sql.matchAll(SERVER_TIME)].map((match) =>
        breach(text, match.index, 'time in SQL comes from aegis.now()'),
      )
    })

/** `aegis sql` runs what the operator wrote, read-only and behind row-level security. */
const OPERATORS_SQL = `${SERVER_SRC}ops/run-sql.ts`

/** SQL is written out: a value goes in as a parameter, never into the text. */
export const writtenOutSql: Rule = ({ sources }) =>
  sources
    .filter((source) => isProduction(source.path) && source.path !== OPERATORS_SQL)
    .flatMap((source) =>
      source.strings
        .filter((literal) => isBuilt(source, literal))
        .map((literal) => breachAt(source, literal.start, 'SQL is not put together: write it out and use parameters')),
    )

function isBuilt(source: SourceText, literal: StringLiteral): boolean {
  const before = source.code.slice(Math.max(0, literal.start - 200), literal.start)
  if (sliceOf(source.path) === 'db' && WITHOUT_PARAMETERS.test(literal.text)) return false
  if (!STATEMENT.test(literal.text) && !/\bsql\(\s*'\s*',\s*$/.test(before)) return false
  if (literal.isTemplate && literal.text.includes('${}')) return true
  return /^\s*\+\s*(?!['"`\s])|^\s*\.\s*(?:concat|replace|replaceAll)\s*\(/.test(source.code.slice(literal.end))
}

/** Statements live in `<what>.sql.ts` of the slice, named `<slice>.<what>`, each name once. */
export const namedStatements: Rule = ({ sources }) => {
  const seen = new Map<string, string>()
  return sources
    .filter((source) => source.path.startsWith(SERVER_SRC) && !isTestSide(source.path))
    .flatMap((source) =>
      statementNames(source).flatMap((name) => {
        const message = nameBreach(source.path, name.text, seen.get(name.text))
        seen.set(name.text, source.path)
        return message ? [breachAt(source, name.start, message)] : []
      }),
    )
}

function statementNames(source: SourceText): StringLiteral[] {
  return source.strings.filter(({ start }) => /\bsql\(\s*$/.test(source.code.slice(Math.max(0, start - 40), start)))
}

function nameBreach(path: string, name: string, first: string | undefined): string | undefined {
  const slice = sliceOf(path) ?? ''
  if (!path.endsWith('.sql.ts')) return 'statements live in the .sql.ts file of their slice'
  if (first) return `the statement ${name} stands in ${first} too: the name is the prepared name`
  const owned = [`${slice}.`, `${slice.replaceAll('-', '_')}.`].some((prefix) => name.startsWith(prefix))
  return owned ? undefined : `a statement is named <slice>.<what>, here ${slice}.…`
}

/** A slice's tables are its own: no other slice's SQL names them. */
export const ownTables: Rule = (tree) => {
  const owners = tableOwners(tree)
  const texts = [...migrations(tree), ...serverStrings(tree)].filter((text) => text.slice !== undefined)
  return texts.flatMap((text) =>
    [...text.sql.matchAll(/\b[a-z_]\w*\.[a-z_]\w*/gi)].flatMap((match) => {
      const owner = owners.get(match[0].toLowerCase())
      if (owner === undefined || owner === text.slice) return []
      return [breach(text, match.index, `${match[0]} belongs to ${owner}: ask ${owner} for what you need`)]
    }),
  )
}

/** Every table, view and sequence with its schema (no search path spares it), and the slice whose migration makes it. */
function tableOwners(tree: Tree): Map<string, string> {
  const owners = new Map<string, string>()
  for (const { sql, slice } of migrations(tree)) {
    const made = sql.matchAll(
      /\bcreate\s+(?:unlogged\s+)?(?:table|(?:materialized\s+)?view|sequence)\s+(?:if\s+not\s+exists\s+)?(\w+\.\w+)/gi,
    )
    for (const [, qualified] of made) owners.set(qualified!.toLowerCase(), slice ?? 'nobody')
  }
  return owners
}

/** A migration's name says its number, once, and its slice. */
export const migrationNames: Rule = ({ files }) => {
  const paths = [...files.keys()].filter((path) => path.startsWith(MIGRATIONS))
  const byNumber = Map.groupBy(paths, (path) => path.slice(MIGRATIONS.length, MIGRATIONS.length + 4))
  return paths.flatMap((path): Breach[] => {
    if (!sliceOfMigration(path)) return [{ path, line: 1, message: 'a migration is named NNNN_<slice>_<what>.sql' }]
    const first = byNumber.get(path.slice(MIGRATIONS.length, MIGRATIONS.length + 4))![0]
    return first === path ? [] : [{ path, line: 1, message: `the number is taken by ${first}` }]
  })
}

/** Every migration. */
export function migrations({ files }: Tree): SqlText[] {
  return [...files]
    .filter(([path]) => path.startsWith(MIGRATIONS) && path.endsWith('.sql'))
    .map(([path, text]) => ({
      file: { path, text },
      offset: 0,
      sql: withoutComments(text),
      slice: sliceOfMigration(path),
    }))
}

function serverStrings({ sources }: Tree): SqlText[] {
  return sources
    .filter((source) => source.path.startsWith(SERVER_SRC) && !isTestSide(source.path))
    .flatMap((source) =>
      source.strings
        .filter((literal) => source.path.endsWith('.sql.ts') || STATEMENT.test(literal.text))
        .map((literal) => ({
          file: source,
          offset: literal.start + 1,
          sql: withoutComments(literal.text),
          slice: sliceOf(source.path),
        })),
    )
}

function withoutComments(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.startsWith("'") ? part : blanks(part),
  )
}

function blanks(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}

export function breach(text: SqlText, offset: number, message: string): Breach {
  return breachAt(text.file, text.offset + offset, message)
}
