import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Edit } from './mutant.ts'

const folder = join(import.meta.dirname, 'stryker')
const library = join(folder, 'node_modules/@stryker-mutator/instrumenter/dist/src/index.js')

interface Position {
  readonly line: number
  readonly column: number
}
interface Found {
  readonly mutatorName: string
  readonly replacement: string
  readonly location: { readonly start: Position; readonly end: Position }
  /** Set when an ignorer refused the place. */
  readonly status?: string
}
/** What is used of Babel's paths. */
interface NodePath {
  readonly node: {
    readonly type: string
    readonly callee?: { readonly name?: string }
    readonly key?: { readonly name?: string }
  }
  readonly parentPath: NodePath | null
}
interface Ignorer {
  shouldIgnore(path: NodePath): string | undefined
}
interface Options {
  readonly plugins: null
  readonly excludedMutations: readonly string[]
  readonly ignorers: readonly Ignorer[]
  readonly noHeader: boolean
}
interface Instrumenter {
  instrument(files: readonly object[], options: Options): Promise<{ readonly mutants: readonly Found[] }>
}
/** The part of `@stryker-mutator/instrumenter` that is used; it stands outside the workspace and brings no types to it. */
interface Library {
  readonly Instrumenter: new (log: object) => Instrumenter
}

let loaded: Promise<Instrumenter> | undefined

/** Where Stryker's mutators would change a file, and into what. Installs them first when they are not there yet. */
export async function findCodeEdits(name: string, source: string): Promise<Edit[]> {
  loaded ??= load()
  const options: Options = { plugins: null, excludedMutations: [], ignorers: [wording], noHeader: true }
  const { mutants } = await (await loaded).instrument([{ name, content: source, mutate: true }], options)
  const lines = lineStarts(source)
  const offset = ({ line, column }: Position) => (lines[line] ?? 0) + column
  return mutants
    .filter(({ status }) => status !== 'Ignored')
    .map(({ location, mutatorName, replacement }) =>
      inItsPlace(source, {
        start: offset(location.start),
        end: offset(location.end),
        operator: mutatorName,
        replacement,
      }),
    )
}

async function load(): Promise<Instrumenter> {
  if (!existsSync(library)) {
    const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
    if (status !== 0) throw new Error(`npm ci failed in ${folder}`)
  }
  // Its declarations are not in the workspace; what is used of them stands above.
  const { Instrumenter } = (await import(pathToFileURL(library).href)) as Library
  const nothing = () => undefined
  const log = { isDebugEnabled: () => false, isTraceEnabled: () => false, debug: nothing, info: nothing, warn: nothing }
  return new Instrumenter(log)
}

/** Functions that make an error of what they are given. */
const errorMakers = /^(?:refuse|invalid|badAnswer|malformed)$/

/** How a message for people is worded is not behaviour; its code is, and the types know the codes. */
const wording: Ignorer = {
  shouldIgnore(path) {
    if (!/^(?:StringLiteral|TemplateLiteral)$/.test(path.node.type)) return undefined
    for (let above = path.parentPath; above; above = above.parentPath) {
      const { type, callee, key } = above.node
      const name = callee?.name ?? ''
      const isMessage =
        type === 'NewExpression' ? name.endsWith('Error') : key?.name === 'hint' || errorMakers.test(name)
      if (isMessage) return 'the wording of an error'
      if (type === 'NewExpression') return undefined
      if (/Function|Statement$/.test(above.node.type)) return undefined
    }
    return undefined
  },
}

/** Babel counts lines from 0 here. */
function lineStarts(source: string): number[] {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

const expressions = /^(?:Arithmetic|Equality|Logical|Unary)Operator$|^(?:BooleanLiteral|ArrowFunction)$/

/** A replacement binds as closely as what it replaces: in parentheses, unless it is a literal or no expression. */
function inItsPlace(source: string, edit: Edit): Edit {
  const { operator, replacement, start } = edit
  if (!expressions.test(operator) || /^\w+$/.test(replacement)) return edit
  // At the start of a statement a parenthesis would make a call of the line before.
  const before = source.slice(0, start).trimEnd()
  const isStatement = /\n\s*$/.test(source.slice(0, start)) && /[\w)\]'`}]$/.test(before)
  return { ...edit, replacement: `${isStatement ? ';' : ''}(${replacement})` }
}
