import type { Route } from '../route.ts'

/** A route and the places of its parameters among the path's segments. */
interface Leaf {
  readonly route: Route
  readonly parameters: readonly { readonly name: string; readonly index: number }[]
}

interface Node {
  readonly literals: Map<string, Node>
  parameter: Node | undefined
  leaf: Leaf | undefined
}

export interface Match {
  readonly route: Route
  readonly path: Readonly<Record<string, string>>
}

function node(): Node {
  return { literals: new Map(), parameter: undefined, leaf: undefined }
}

/**
 * Finds the route of a method and a path under `/v1/{practiceid}`. A literal segment wins over a parameter. The time
 * taken depends on the number of segments, not on the number of routes.
 */
export class Router {
  readonly #methods = new Map<string, Node>()

  /** Throws TypeError when two routes answer the same requests. */
  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route)
  }

  match(method: string, path: string): Match | undefined {
    const root = this.#methods.get(method)
    if (root === undefined) return undefined
    const segments = path.split('/').slice(1)
    const leaf = find(root, segments, 0)
    if (leaf === undefined) return undefined
    const parameters: Record<string, string> = {}
    for (const { name, index } of leaf.parameters) parameters[name] = decodeSegment(segments[index] ?? '')
    return { route: leaf.route, path: parameters }
  }

  #add(route: Route): void {
    let current = this.#methods.get(route.method)
    if (current === undefined) {
      current = node()
      this.#methods.set(route.method, current)
    }
    const parameters: { name: string; index: number }[] = []
    for (const [index, segment] of route.path.split('/').slice(1).entries()) {
      let next: Node | undefined
      if (segment.startsWith('{')) {
        parameters.push({ name: segment.slice(1, -1), index })
        current.parameter ??= node()
        next = current.parameter
      } else {
        next = current.literals.get(segment) ?? node()
        current.literals.set(segment, next)
      }
      current = next
    }
    if (current.leaf !== undefined) throw new TypeError(`two routes for ${route.method} ${route.path}`)
    current.leaf = { route, parameters }
  }
}

function find(from: Node, segments: readonly string[], index: number): Leaf | undefined {
  const segment = segments[index]
  if (segment === undefined) return from.leaf
  const literal = from.literals.get(segment)
  const found = literal && find(literal, segments, index + 1)
  if (found !== undefined) return found
  return from.parameter && segment !== '' ? find(from.parameter, segments, index + 1) : undefined
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
