import type { Edit } from './mutant.ts'

interface Operator {
  readonly name: string
  readonly pattern: RegExp
  /** What takes the place of the match; undefined where this one is left as it is. */
  readonly replace: (match: RegExpExecArray) => string | undefined
}

const swaps: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '=': '<>',
  '<>': '=',
  greatest: 'least',
  least: 'greatest',
  min: 'max',
  max: 'min',
  ' + ': ' - ',
  ' - ': ' + ',
  ' and ': ' or ',
  ' or ': ' and ',
  'is null': 'is not null',
  'is not null': 'is null',
  'not exists': 'exists',
  exists: 'not exists',
  'do nothing': '',
  true: 'false',
  false: 'true',
  desc: 'asc',
  'for update': '',
  'for no key update': '',
  'skip locked': '',
  'distinct ': '',
  'not ': '',
}

function swapped([text]: RegExpExecArray): string | undefined {
  return swaps[text.replaceAll(/\s+/g, ' ')]
}

/** An equals sign of a `set` list assigns; those are dropped, not turned round. */
const operators: readonly Operator[] = [
  { name: 'SqlComparison', pattern: /(?<![<>=:|-])(?:<=|>=|<>|<|>)(?![<>=@])/g, replace: swapped },
  {
    name: 'SqlComparison',
    pattern: /(?<=\b(?:where|and|or|on|when|having)\s+(?:\()?[\w.]+ )=(?= )/g,
    replace: swapped,
  },
  { name: 'SqlArithmetic', pattern: / [+-] /g, replace: swapped },
  { name: 'SqlFunction', pattern: /\b(?:greatest|least|min|max)(?=\()/g, replace: swapped },
  { name: 'SqlLogic', pattern: /(?<!between \S{1,60})\s(?:and|or)\s/g, replace: swapped },
  { name: 'SqlNull', pattern: /\bis (?:not )?null\b/g, replace: swapped },
  { name: 'SqlExists', pattern: /\b(?:not )?exists\b(?=\s*\()/g, replace: swapped },
  { name: 'SqlNot', pattern: /\bnot (?!exists\b|null\b|in\b|distinct\b|materialized\b)(?=[\w(])/g, replace: swapped },
  { name: 'SqlLiteral', pattern: /\b(?:true|false)\b/g, replace: swapped },
  { name: 'SqlOrder', pattern: /\bdesc\b/g, replace: swapped },
  {
    name: 'SqlOrder',
    pattern: /\border by [\w.]+(?= (?!asc|desc|,)|,|\s*\)|\s*$)/g,
    replace: ([text]) => `${text} desc`,
  },
  { name: 'SqlLock', pattern: /\b(?:for (?:no key )?update|skip locked)\b/g, replace: swapped },
  { name: 'SqlDistinct', pattern: /(?<=\bselect )distinct (?!on\b)/g, replace: swapped },
  { name: 'SqlConflict', pattern: /\bon conflict (?:\([^()]*\) )?do nothing\b/g, replace: () => '' },
  { name: 'SqlConflict', pattern: /\bdo update\s+set\b[^`]*?(?=\s+where\b|\s+returning\b|\s*$)/g, replace: onlyFirst },
  { name: 'SqlCoalesce', pattern: /\bcoalesce\(([\w.$:]+), /g, replace: () => 'coalesce(null, ' },
  { name: 'SqlLimit', pattern: /\blimit (?:\$?\d+)(?:::\w+)?/g, replace: () => 'limit 0' },
]

/** A conflict that changes nothing, where the statement does not return what it changed. */
function onlyFirst(match: RegExpExecArray): string | undefined {
  return /^\s*$/.test(match.input.slice(match.index + match[0].length)) ? 'do nothing' : undefined
}

/**
 * What somebody may get wrong in SQL, in the statements of a file. `strings` are its literals; those that read like SQL
 * count. Every edit leaves a statement that PostgreSQL can parse.
 */
export function findSqlEdits(source: string, strings: readonly Pick<Edit, 'start' | 'end'>[]): Edit[] {
  return strings
    .filter(({ start, end }) => isSql(source.slice(start + 1, end - 1)))
    .flatMap(({ start, end }) => {
      const text = masked(source.slice(start + 1, end - 1))
      return [...swapsIn(text), ...droppedTerms(text), ...droppedAssignments(text)].map((edit) => ({
        ...edit,
        start: edit.start + start + 1,
        end: edit.end + start + 1,
      }))
    })
}

function isSql(text: string): boolean {
  return /^\s*(?:select|insert into|update|delete from|with|merge into)\s/i.test(text)
}

/** What is put in and what is quoted stays as it is: it is replaced by as many letters that no operator matches. */
function masked(text: string): string {
  return text.replaceAll(/\$\{[^{}]*\}|'[^']*'/g, (part) => 'x'.repeat(part.length))
}

function swapsIn(text: string): Edit[] {
  return operators.flatMap(({ name, pattern, replace }) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const replacement = replace(match)
      if (replacement === undefined) return []
      return [{ start: match.index, end: match.index + match[0].length, operator: name, replacement }]
    }),
  )
}

/** Each term of a condition, made to hold always. */
function droppedTerms(text: string): Edit[] {
  return [...text.matchAll(/\b(?:where|and|on|filter \(where)\s+(?=\S)(?!conflict\b)/g)].flatMap((match) => {
    const start = match.index + match[0].length
    if (match[0].startsWith('and') && /between\s+\S+\s+$/.test(text.slice(0, match.index))) return []
    const end = endOfTerm(text, start)
    const term = text.slice(start, end)
    if (!term || /^(?:true|\()$/.test(term) || isHeldByRowSecurity(text, term)) return []
    return [{ start, end, operator: 'SqlTerm', replacement: 'true' }]
  })
}

/** In a tenant table no row of another practice is ever seen, with this term or without it. */
function isHeldByRowSecurity(text: string, term: string): boolean {
  return term === 'practice_id = $1' && /\baegis\.\w/.test(text) && !/\bcontrol\./.test(text)
}

const afterTerm =
  /^\s+(?:and|or|order by|group by|returning|limit|for update|for no key|for share|union|join|left|where|on conflict|then|do update|do nothing|from|set|when|having)\b/

/** Where a term ends: before the next word of its level that goes on, or the parenthesis it stands in. */
function endOfTerm(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1
    if (text[at] === ')') depth -= 1
    if (depth < 0) return at
    if (depth > 0 || !/\s/.test(text[at] ?? '')) continue
    const isBetween = /\bbetween\s+\S+$/.test(text.slice(start, at))
    if (afterTerm.test(text.slice(at)) && !isBetween) return at
  }
  return text.trimEnd().length
}

/** Each assignment of an `update … set` with several, left out. */
function droppedAssignments(text: string): Edit[] {
  return [...text.matchAll(/\bset\s+(?=\w+\s*=)/g)].flatMap((match) => {
    const parts = splitList(text, match.index + match[0].length)
    if (parts.length < 2) return []
    return parts.map(({ start, end }, index) => {
      const next = parts[index + 1]
      const previous = parts[index - 1]
      // With the comma behind it, or before it where it is the last.
      const range = next ? { start, end: next.start } : { start: previous?.end ?? start, end }
      return { ...range, operator: 'SqlAssignment', replacement: '' }
    })
  })
}

/** The parts of a list, which ends with its parenthesis, its clause or the text. */
function splitList(text: string, from: number): { start: number; end: number }[] {
  const end = endOfList(text, from)
  const parts: { start: number; end: number }[] = []
  let [depth, start] = [0, from]
  for (let at = from; at < end; at += 1) {
    if (text[at] === '(') depth += 1
    if (text[at] === ')') depth -= 1
    if (text[at] !== ',' || depth !== 0) continue
    parts.push({ start, end: at })
    start = at + 1 + (/^\s*/.exec(text.slice(at + 1))?.[0].length ?? 0)
  }
  return [...parts, { start, end }]
}

function endOfList(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1
    if (text[at] === ')') depth -= 1
    if (depth < 0) return at
    if (depth === 0 && /^\s+(?:where|from|returning)\b/.test(text.slice(at))) return at
  }
  return text.trimEnd().length
}
