import type { Problem } from './config-error.ts'
import type { Tree } from './tree.ts'

/** Settings from one place. */
export interface Layer {
  readonly values: Tree
  /** Where a setting was set in this layer, for messages: a line of the file, a variable, a flag. */
  readonly originOf: (path: readonly string[]) => string
  /** What relative paths in it start from. */
  readonly directory: string
}

/** What was found while reading, and what was wrong with it. */
export interface Reading {
  readonly layer: Layer
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}
