/** What an app may ask for, and what a token opens. */

/** `wildcard`: `Athenanet.MDP.*` alone, the only form seen in working clients. `areas`: others too; see `apiReach`. */
export type ScopeForms = 'wildcard' | 'areas'

export const wholeApi = 'athena/service/Athenanet.MDP.*'

const areaForm = /^athena\/service\/Athenanet\.MDP\.([A-Za-z][A-Za-z0-9]*)$/
/** SMART, version 1 (`read`, `write`, `*`) or 2 (letters of `cruds` in this order). */
const systemForm = /^system\/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)$/

/** athenahealth grants these on request only (its event platform's guide, 0.11). */
const byRequest = /^system\/(?:SubscriptionTopic|Subscription)\./

/** What an app is granted that does not say: all of the API and all of FHIR but what must be asked for. */
const defaultGrants: readonly string[] = [wholeApi, 'system/*.*']

const lettersOfWord: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' }

export interface ScopeRules {
  /** Scopes the app was granted; all but those of the event platform if undefined. */
  readonly grants: readonly string[] | undefined
  readonly forms: ScopeForms
}

/** Whether a text is a scope that could be granted at all. */
export function isScope(text: string): boolean {
  return text === wholeApi || areaForm.test(text) || systemForm.test(text)
}

/** The scopes of a request in its order, or undefined when there is none or one of them is not granted. */
export function grantScopes(rules: ScopeRules, requested: string): readonly string[] | undefined {
  const scopes = requested.split(/\s+/).filter((scope) => scope !== '')
  return scopes.length > 0 && scopes.every((scope) => isGranted(rules, scope)) ? scopes : undefined
}

function isGranted({ grants, forms }: ScopeRules, scope: string): boolean {
  if (grants === undefined && byRequest.test(scope)) return false
  if (scope !== wholeApi && areaForm.test(scope) && forms === 'wildcard') return false
  return (grants ?? defaultGrants).some((grant) => covers(grant, scope))
}

function covers(grant: string, scope: string): boolean {
  if (grant === scope) return isScope(scope)
  if (grant === wholeApi) return areaForm.test(scope)
  const had = systemScope(grant)
  const wanted = systemScope(scope)
  if (had === undefined || wanted === undefined) return false
  if (had.resource !== '*' && had.resource !== wanted.resource) return false
  return wanted.letters.every((letter) => had.letters.includes(letter))
}

/** A SMART scope as its resource and the letters of what may be done with it. */
function systemScope(scope: string): { resource: string; letters: readonly string[] } | undefined {
  const [, resource, actions = ''] = systemForm.exec(scope) ?? []
  if (resource === undefined) return undefined
  return { resource, letters: (lettersOfWord[actions] ?? actions).split('') }
}

/** What of the v1 API a token opens: all of it, the areas named, or nothing (undefined). */
export type ApiReach = 'all' | ReadonlySet<string> | undefined

/**
 * The reach of a token's scopes. That an area is the first segment of a path (`Athenanet.MDP.Patients` opens
 * `/patients/…`) is a guess: athenahealth names no areas in public.
 */
export function apiReach(scopes: readonly string[]): ApiReach {
  if (scopes.includes(wholeApi)) return 'all'
  const areas = scopes.flatMap((scope) => areaForm.exec(scope)?.[1]?.toLowerCase() ?? [])
  return areas.length === 0 ? undefined : new Set(areas)
}

/** Whether a token of this reach opens a path under `/v1/{practiceid}`. */
export function opens(reach: ApiReach, resource: string): boolean {
  if (reach === 'all') return true
  return reach?.has(resource.split('/')[1]?.toLowerCase() ?? '') ?? false
}
