/** Paths as rules name them. */
import type { MetRequest } from './fault-kind.ts'

const apiPrefix = '/v1/{practiceid}'

/** What stands for a parameter in a template is the same whatever it is called. */
const parameter = /\{[^}/]*\}/g

type Paths = Pick<MetRequest, 'route' | 'resource' | 'arrival'>

/** Tells whether a request's route or path is the one of a pattern, or begins with it when it ends in `*`. */
export function pathTest(pattern: string): (request: Paths) => boolean {
  const isBeginning = pattern.endsWith('*')
  const wanted = plain(isBeginning ? pattern.slice(0, -1) : pattern)
  const isWanted = (path: string | undefined) =>
    path !== undefined && (isBeginning ? path.startsWith(wanted) : path === wanted)
  return ({ route, resource, arrival }) =>
    isWanted(route && plain(route)) || isWanted(resource) || isWanted(arrival.path)
}

/** A template, if it is one, without what every call of the API begins with and with nameless parameters. */
function plain(path: string): string {
  return (path.startsWith(apiPrefix) ? path.slice(apiPrefix.length) : path).replace(parameter, '{}')
}

/** Whether a pattern can be that of a request: a template must be one of the routes, a path is taken as it is. */
export function isServedPattern(pattern: string, routes: readonly string[]): boolean {
  if (!pattern.startsWith('/')) return pattern === '*'
  const wanted = plain(pattern)
  return !wanted.includes('{}') || wanted.endsWith('*') || routes.some((route) => plain(route) === wanted)
}

/** Some templates that begin like a pattern, those with as many segments first. */
export function similarRoutes(pattern: string, routes: readonly string[]): readonly string[] {
  const segments = plain(pattern).split('/')
  const beginning = `/${(segments[1] ?? '').slice(0, 5)}`
  const distance = (route: string) => Math.abs(route.split('/').length - segments.length)
  const alike = routes.filter((route) => route.includes('{') && route.startsWith(beginning))
  return [...new Set(alike)].sort((left, right) => distance(left) - distance(right)).slice(0, 5)
}
