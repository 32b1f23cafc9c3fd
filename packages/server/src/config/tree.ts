/** Settings by name, sections within sections. */
export type Tree = { readonly [key: string]: unknown }

/** Two trees as one; where both have a value, the upper one's counts. Lists are not joined. */
export function mergeTrees(lower: Tree, upper: Tree): Tree {
  const keys = [...new Set([...Object.keys(lower), ...Object.keys(upper)])]
  return Object.fromEntries(
    keys.map((key) => {
      const [below, above] = [ownValue(lower, key), ownValue(upper, key)]
      return [key, isTree(below) && isTree(above) ? mergeTrees(below, above) : (above ?? below)]
    }),
  )
}

/** The value at a path of a tree; undefined when there is none. */
export function valueAt(tree: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (isTree(node) ? ownValue(node, key) : undefined), tree)
}

/** A tree with one value. */
export function treeOf(path: readonly string[], value: unknown): Tree {
  const [key = '', ...rest] = path
  return { [key]: rest.length ? treeOf(rest, value) : value }
}

function ownValue(tree: Tree, key: string): unknown {
  return Object.hasOwn(tree, key) ? tree[key] : undefined
}

/** Whether a value is a section. */
export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
