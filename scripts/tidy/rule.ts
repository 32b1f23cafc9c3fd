import { lineAt, type SourceText } from './source-text.ts'

/** One place where a house rule is broken. */
export interface Breach {
  readonly path: string
  /** 1-based. */
  readonly line: number
  readonly message: string
}

/** What the rules look at: every file of the repository, and the TypeScript and JavaScript ones split up. */
export interface Tree {
  readonly files: ReadonlyMap<string, string>
  readonly sources: readonly SourceText[]
}

/** A house rule: pure, so that a planted breach can be shown to it. */
export type Rule = (tree: Tree) => readonly Breach[]

/** A breach at an offset of a file's text. */
export function breachAt(file: { path: string; text: string }, offset: number, message: string): Breach {
  return { path: file.path, line: lineAt(file.text, offset), message }
}
