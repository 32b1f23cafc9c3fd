import { amount, count, isText, oneOf, oneOrMore, share, text, type FaultField } from './fault-field.ts'
import { faultKinds } from './fault-kinds.ts'
import type { FaultRule, FaultWhen } from './fault-rule.ts'
import { isObject } from './json-body.ts'
import { isServedPattern, similarRoutes } from './path-pattern.ts'

/** Most rules at a time. */
export const rulesMax = 1000

const instantText = /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:?\d{2})$/

/** A time as epoch ms, or as ISO text with its zone; undefined for anything else. */
export function instantOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || !instantText.test(value)) return undefined
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : at
}

const instant: FaultField = [
  (value) => instantOf(value) !== undefined,
  'epoch milliseconds or an instant with its zone, such as 2026-11-23T14:00:00Z',
]

const conditions: { readonly [Name in keyof FaultWhen]-?: FaultField } = {
  path: [(value) => isText(value) && /^[^*?]*\*?$/.test(value), 'a path without its query, * at its end only'],
  method: oneOrMore(oneOf(['GET', 'POST', 'PUT', 'DELETE'])),
  practice: count,
  app: text,
  from: instant,
  until: instant,
  nth: count,
  every: count,
  probability: share,
  times: count,
}

const generalFields: Readonly<Record<string, FaultField>> = {
  name: [(value) => isText(value) && value.length <= 100, 'text of 100 characters at most'],
  delayMs: amount,
}

/**
 * Checks rules given as plain data. Throws TypeError that names every field that is wrong and says what to give; `routes`
 * are those that are served, undefined where that is not known.
 */
export function checkFaults(given: unknown, routes?: readonly string[]): readonly FaultRule[] {
  if (!Array.isArray(given)) throw new TypeError('faults: give a list of rules: [{"kind": "…", "when": {…}}]')
  if (given.length > rulesMax) throw new TypeError(`faults: give ${rulesMax} rules at most`)
  const problems = given.flatMap((rule, index) =>
    problemsOf(rule, routes).map((problem) => `faults[${index}]${problem}`),
  )
  if (problems.length > 0) throw new TypeError(problems.join('; '))
  // Every field has just been checked.
  return given as FaultRule[]
}

function problemsOf(rule: unknown, routes: readonly string[] | undefined): string[] {
  if (!isObject(rule)) return [': give an object: {"kind": "…", "when": {…}}']
  const { kind, when, ...rest } = rule
  const row = typeof kind === 'string' && Object.hasOwn(faultKinds, kind) ? faultKinds[kind] : undefined
  if (row === undefined) {
    return [
      `.kind: ${kind === undefined ? 'name one' : `no fault ${JSON.stringify(kind)}`}; there are ${Object.keys(faultKinds).join(', ')}`,
    ]
  }
  const fields: Readonly<Record<string, FaultField>> = row.fields
  const needed = (row.needs ?? []).filter((name) => rest[name] === undefined)
  const missing = needed.map((name) => `.${name}: give ${fields[name]?.[1]}`)
  return [
    ...missing,
    ...problemsIn(rest, { ...fields, ...generalFields }, ['kind', 'when']),
    ...whenProblems(when, routes),
  ]
}

function whenProblems(when: unknown, routes: readonly string[] | undefined): string[] {
  if (when === undefined) return []
  if (!isObject(when)) return ['.when: give an object']
  const problems = problemsIn(when, conditions, []).map((problem) => `.when${problem}`)
  if (when['nth'] !== undefined && when['every'] !== undefined) problems.push('.when: give nth or every')
  const { from, until, path } = when
  if ((instantOf(from) ?? -Infinity) >= (instantOf(until) ?? Infinity))
    problems.push('.when.until: give a time after from')
  if (typeof path === 'string' && routes !== undefined && !isServedPattern(path, routes)) {
    const known = similarRoutes(path, routes)
    problems.push(
      `.when.path: nothing serves ${path}; give ${[...known, 'a path', 'or its beginning with *'].join(', ')}`,
    )
  }
  return problems
}

/** What is wrong with the fields of an object; those that are undefined are as good as absent. */
function problemsIn(
  given: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, FaultField>>,
  others: readonly string[],
): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined)
      return [`.${name}: no such field; there are ${[...others, ...Object.keys(fields)].join(', ')}`]
    return value === undefined || field[0](value) ? [] : [`.${name}: give ${field[1]}`]
  })
}
