/**
 * Splits a TypeScript or JavaScript source into code, comments and string contents, so that a rule can look at one of
 * them and never be fooled by the others. It is a scanner, not a parser: enough for house rules, in one pass.
 */

/** A string or a template as it stands in the source, without its quotes. */
export interface StringLiteral {
  /** Offset of the opening quote. */
  readonly start: number
  /** Offset just past the closing quote. */
  readonly end: number
  /** The contents; of a template, each substitution reads as `${}`. */
  readonly text: string
  readonly isTemplate: boolean
}

/** What one `import`, `export … from` or `import()` asks for. */
export interface ImportSpecifier {
  readonly specifier: string
  readonly offset: number
  readonly typeOnly: boolean
  readonly reExport: boolean
}

export interface SourceText {
  readonly path: string
  readonly text: string
  /** As long as `text`; comments, contents of strings and regular expressions are blanks, line breaks are kept. */
  readonly code: string
  readonly comments: readonly { readonly start: number; readonly text: string }[]
  readonly strings: readonly StringLiteral[]
  readonly imports: readonly ImportSpecifier[]
}

/** The 1-based line on which `offset` lies. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** Scans one source file. Never throws: an unfinished string or comment ends with the file. */
export function readSource(path: string, text: string): SourceText {
  const scan: Scan = { text, code: [], at: 0, comments: [], strings: [], substitutions: [] }
  while (scan.at < text.length) step(scan)
  const code = scan.code.join('')
  const strings = scan.strings.toSorted((a, b) => a.start - b.start)
  return { path, text, code, comments: scan.comments, strings, imports: findImports(code, strings) }
}

interface Scan {
  readonly text: string
  readonly code: string[]
  at: number
  readonly comments: { start: number; text: string }[]
  readonly strings: StringLiteral[]
  /** One frame per open `${`: where its template began, what was read of it, and braces open inside. */
  readonly substitutions: { start: number; text: string; braces: number }[]
}

function step(scan: Scan): void {
  const { text, at } = scan
  const char = text[at]!
  const next = text[at + 1]
  if (char === '/' && next === '/') return comment(scan, indexOrEnd(text, '\n', at))
  if (char === '/' && next === '*') return comment(scan, indexOrEnd(text, '*/', at + 2) + 2)
  if (char === "'" || char === '"') return quoted(scan, char)
  if (char === '`') return template(scan, { start: at, text: '' })
  if (char === '/' && regexMayStart(scan)) return regex(scan)
  return plain(scan, char)
}

const PLAIN = /[^'"`/{}]+/y

function plain(scan: Scan, char: string): void {
  PLAIN.lastIndex = scan.at
  const run = PLAIN.exec(scan.text)?.[0]
  if (run) {
    scan.code.push(run)
    scan.at += run.length
    return
  }
  const frame = scan.substitutions.at(-1)
  if (frame && char === '{') frame.braces++
  if (frame && char === '}' && frame.braces-- === 0) {
    scan.substitutions.pop()
    return template(scan, frame)
  }
  scan.code.push(char)
  scan.at++
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const found = text.indexOf(wanted, from)
  return found < 0 ? text.length : found
}

/** Moves to `to`, writing blanks for what lies between. */
function blank(scan: Scan, to: number): void {
  scan.code.push(scan.text.slice(scan.at, to).replace(/[^\n]/g, ' '))
  scan.at = to
}

function comment(scan: Scan, end: number): void {
  scan.comments.push({ start: scan.at, text: scan.text.slice(scan.at, end) })
  blank(scan, end)
}

function quoted(scan: Scan, quote: string): void {
  const start = scan.at
  let end = start + 1
  while (end < scan.text.length && scan.text[end] !== quote && scan.text[end] !== '\n') {
    end += scan.text[end] === '\\' ? 2 : 1
  }
  scan.strings.push({ start, end: end + 1, text: scan.text.slice(start + 1, end), isTemplate: false })
  scan.code.push(quote)
  scan.at++
  blank(scan, Math.min(end, scan.text.length))
  if (scan.at < scan.text.length) {
    scan.code.push(scan.text[scan.at] === quote ? quote : '\n')
    scan.at++
  }
}

/** Reads a template from its back-tick, or from the `}` that ends a substitution, to the next `${` or its end. */
function template(scan: Scan, { start, text }: { start: number; text: string }): void {
  const from = scan.at + 1
  let end = from
  while (end < scan.text.length && scan.text[end] !== '`' && !scan.text.startsWith('${', end)) {
    end += scan.text[end] === '\\' ? 2 : 1
  }
  const read = text + scan.text.slice(from, end)
  scan.code.push('`')
  scan.at = from
  blank(scan, Math.min(end, scan.text.length))
  if (scan.text.startsWith('${', end)) {
    scan.code.push('  ')
    scan.at = end + 2
    scan.substitutions.push({ start, text: `${read}\${}`, braces: 0 })
    return
  }
  scan.strings.push({ start, end: end + 1, text: read, isTemplate: true })
  if (end < scan.text.length) scan.code.push('`')
  scan.at = end + 1
}

const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%^~<>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield))$/

/** Whether a slash here begins a regular expression: it does where a value may stand. */
function regexMayStart(scan: Scan): boolean {
  let before = ''
  for (let piece = scan.code.length - 1; piece >= 0 && before.trim().length < 10; piece--) {
    before = scan.code[piece] + before
  }
  return BEFORE_REGEX.test(before.trimEnd().slice(-20))
}

function regex(scan: Scan): void {
  const { text } = scan
  let end = scan.at + 1
  let inClass = false
  while (end < text.length && text[end] !== '\n' && (inClass || text[end] !== '/')) {
    if (text[end] === '[') inClass = true
    if (text[end] === ']') inClass = false
    end += text[end] === '\\' ? 2 : 1
  }
  scan.code.push('/')
  scan.at++
  blank(scan, Math.min(end, text.length))
  if (text[scan.at] === '/') {
    scan.code.push('/')
    scan.at++
  }
}

const IMPORT =
  /^[ \t]*(?:(import)[ \t]+(type\s)?[\w*{}\s,$]+?\sfrom\s*|(export)[ \t]+(type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s*|import\s*)['"]|\bimport\s*\(\s*['"`]/gm

function findImports(code: string, strings: readonly StringLiteral[]): ImportSpecifier[] {
  const byStart = new Map(strings.map((literal) => [literal.start, literal]))
  return [...code.matchAll(IMPORT)].flatMap((match) => {
    const literal = byStart.get(match.index + match[0].length - 1)
    if (!literal) return []
    const typeOnly = Boolean(match[2] ?? match[4])
    return [{ specifier: literal.text, offset: literal.start, typeOnly, reExport: match[3] === 'export' }]
  })
}
