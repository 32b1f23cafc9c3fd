/** Habits of athenahealth's answers that break readers who expect tidy JSON. All are off unless switched on. */

/** Which habits are on. What is absent is off, or as the general setting has it where these are an app's own. */
export interface Quirks {
  /** Keys of every object come in another order each time, as athenahealth reserves the right to. */
  readonly shuffledKeys?: boolean
  /** A list's envelope has another array before the one that is asked for. */
  readonly decoyArrays?: boolean
  /** `totalcount` as a string (recorded on one list), or not at all (recorded on several); `number` is the usual form. */
  readonly totals?: 'number' | 'string' | 'none'
  /**
   * How a write that is refused for its data (400 with an explanation, 409) is answered: by `status` as usual; with 200
   * and `success` false, now a boolean and now a string; or with 200 and the explanation alone as a JSON string. Both
   * recorded for some endpoints.
   */
  readonly refusedWrites?: 'status' | 'success-false' | 'text'
  /** A write that answers no more than its success answers `1`, as changing a booked appointment does (recorded). */
  readonly bareResults?: boolean
  /** Blank lines before the JSON: of errors (recorded) or of everything. */
  readonly leadingNewlines?: 'none' | 'errors' | 'all'
  /** Bodies of 401, 403, 404, 429 and 5xx: `json` as usual, or such as proxies and gateways make. */
  readonly errorBodies?: 'json' | 'html' | 'text'
  /** Headers nobody asked for: scrambled `Connection`, hints and cookies of machines on the way (recorded). */
  readonly strayHeaders?: boolean
}

const values = {
  shuffledKeys: [false, true],
  decoyArrays: [false, true],
  totals: ['number', 'string', 'none'],
  refusedWrites: ['status', 'success-false', 'text'],
  bareResults: [false, true],
  leadingNewlines: ['none', 'errors', 'all'],
  errorBodies: ['json', 'html', 'text'],
  strayHeaders: [false, true],
} as const satisfies { readonly [Name in keyof Quirks]-?: readonly Quirks[Name][] }

/** What each habit can be; the first is off. */
export const quirkValues: Readonly<Record<string, readonly (string | boolean)[]>> = values

/** Checks switches given as plain data. Throws TypeError that names the one that makes no sense. */
export function checkQuirks(given: unknown): Quirks {
  if (typeof given !== 'object' || given === null) throw new TypeError('quirks must be an object')
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(values, name) ? quirkValues[name] : undefined
    if (known === undefined) throw new TypeError(`quirks: no "${name}"; there are ${Object.keys(values).join(', ')}`)
    if (value !== undefined && !known.includes(value)) throw new TypeError(`quirks.${name}: give ${known.join(', ')}`)
  }
  // Every member has just been checked.
  return given as Quirks
}

/** An app's own switches laid over the general ones; undefined when nothing is on, which is the quick way out. */
export function effectiveQuirks(general: Quirks, own: Quirks | undefined): Quirks | undefined {
  const merged: Record<string, unknown> = { ...general }
  for (const [name, value] of Object.entries(own ?? {})) if (value !== undefined) merged[name] = value
  const on = Object.entries(merged).filter(([name, value]) => value !== undefined && value !== quirkValues[name]?.[0])
  return on.length === 0 ? undefined : Object.fromEntries(on)
}
