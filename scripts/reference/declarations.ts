/*
 * Reads declaration files (.d.ts) as the compiler writes them: top-level declarations with their doc comments, members of
 * interfaces, classes and object types, and what an index file exports. Not a parser of TypeScript: the compiler's own
 * output has one form, in which every statement and member ends with a semicolon or a brace.
 */

export interface Declaration {
  readonly name: string
  /** The doc comment's text without its stars; empty when there is none. */
  readonly doc: string
  /** The declaration as text, without its own doc comment; members keep theirs. */
  readonly text: string
  readonly members: readonly Member[]
}

export interface Member {
  readonly name: string
  readonly doc: string
  /** What stands behind the name: a type, or parameters and a result. */
  readonly type: string
  /** Members of its type, where that is an object type. */
  readonly members: readonly Member[]
}

export interface Export {
  readonly name: string
  /** The module it comes from, as written. */
  readonly from: string
}

/** Everything a declaration file declares at its top level. */
export function readDeclarations(text: string): Declaration[] {
  return splitStatements(text).flatMap(({ doc, code }) => {
    const [, name] = /^(?:export )?(?:declare )?(?:interface|type|function|const|class) ([\w$]+)/.exec(code) ?? []
    if (name === undefined) return []
    const body = isBlock(code) ? code.slice(code.indexOf('{\n')) : objectTypeOf(code)
    return [{ name, doc, text: plain(code.replace(/^(?:export )?(?:declare )?/, '')), members: membersOf(body) }]
  })
}

/** Every name that an index file exports. */
export function readExports(text: string): Export[] {
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';$/gm)].flatMap(([, names = '', from = '']) =>
    names.split(',').flatMap((name) => {
      const bare = name.trim().replace(/^type /, '')
      return bare ? [{ name: bare, from }] : []
    }),
  )
}

interface Statement {
  readonly doc: string
  readonly code: string
}

/** Statements at the top of a text, or members of a body. */
function splitStatements(text: string): Statement[] {
  const found: Statement[] = []
  let doc = ''
  let start = 0
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const skipped = endOfQuoted(text, at)
    if (skipped !== undefined) {
      if (text.slice(start, at).trim() === '' && text.startsWith('/*', at)) {
        doc = docText(text.slice(at, skipped))
        start = skipped
      }
      at = skipped - 1
      continue
    }
    const char = text[at]!
    if ('{(['.includes(char)) depth += 1
    if ('})]'.includes(char)) depth -= 1
    const code = text.slice(start, at + 1).trim()
    if (
      depth === 0 &&
      (char === ';' || (char === '}' && /^(?:\n|$)/.test(text.slice(at + 1, at + 2)) && isBlock(code)))
    ) {
      found.push({ doc, code })
      doc = ''
      start = at + 1
    }
  }
  return found
}

/** Declarations that end with their brace. */
function isBlock(code: string): boolean {
  return /^(?:export )?(?:declare )?(?:interface|class) /.test(code)
}

/** Where a comment or a text that begins here ends; undefined when none begins here. */
function endOfQuoted(text: string, at: number): number | undefined {
  const char = text[at]!
  if (text.startsWith('/*', at)) return text.indexOf('*/', at) + 2
  if (!`'"\``.includes(char)) return undefined
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1
    else if (text[end] === char) return end + 1
  }
  return text.length
}

function membersOf(body: string): Member[] {
  if (!body.startsWith('{')) return []
  return splitStatements(body.slice(1, body.lastIndexOf('}'))).flatMap(({ doc, code }) => {
    const [whole, quoted, bare] = /^(?:readonly |get )?(?:'([^']+)'|([\w$]+))\??/.exec(code) ?? []
    if (whole === undefined) return []
    const type = code.slice(whole.length).replace(/^:\s*/, '').replace(/;$/, '')
    return [{ name: quoted ?? bare ?? '', doc, type: plain(type), members: membersOf(type) }]
  })
}

/** The object type that a constant or an alias is declared with; empty when it is another type. */
function objectTypeOf(code: string): string {
  return /^(?:export )?(?:declare )?(?:const [\w$]+:|type [\w$]+ =)\s*(\{[\s\S]*\});$/.exec(code)?.[1] ?? ''
}

function docText(comment: string): string {
  if (!comment.startsWith('/**')) return ''
  const lines = comment.slice(3, -2).split('\n')
  return lines
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join('\n')
    .trim()
}

/** Types by their names, without the files they lie in. */
function plain(text: string): string {
  return text.replaceAll(/import\("[^"]+"\)\./g, '').replace(/;$/, '')
}
