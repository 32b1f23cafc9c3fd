import { readFile } from 'node:fs/promises'
import { resolveLimits, type LimitsOption } from '../limits/limits.ts'
import { checkQuirks, type Quirks } from '../server/quirks.ts'
import { readJwkSet, type JwkSet } from './public-key.ts'
import { isScope } from './scopes.ts'

/** `string` is the era before 2019, when every boolean and number was sent as a string. */
export type Encoding = 'typed' | 'string'

/** Ways of proving who an app is, as OpenID registers them. */
export const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const
export type AuthMethod = (typeof authMethods)[number]

/** An app as it is registered with the simulator: plain data. It needs a secret or keys. */
export interface AppOptions {
  readonly clientId: string
  readonly secret?: string
  /** Further secrets that are good at the same time, as while one is replaced by another. */
  readonly secrets?: readonly string[]
  /** Public keys its assertions are checked with. */
  readonly jwks?: JwkSet
  /** Where the app serves its keys itself: `https:`, or `http:` on this machine and the hosts of `jwksHosts`. */
  readonly jwksUrl?: string
  /**
   * How it may prove itself; `client_secret_basic` and `private_key_jwt` if absent. athenahealth lists
   * `client_secret_post` too, and calls a secret in the body a common mistake, so that is only for apps that name it.
   */
  readonly authMethods?: readonly AuthMethod[]
  /** A `three-legged` app signs users in and gets no token for itself; `two-legged` if absent. */
  readonly kind?: 'two-legged' | 'three-legged'
  /** Scopes it was granted; all of the API and of FHIR if absent, without the event platform. */
  readonly scopes?: readonly string[]
  /** Practices it may call; all if absent. */
  readonly practices?: readonly number[]
  /** Limits of its own; the simulator's if absent. */
  readonly limits?: LimitsOption
  /** How its JSON answers are encoded; the simulator's setting if absent. */
  readonly encoding?: Encoding
  /** Habits of the answers it gets, laid over the simulator's. */
  readonly quirks?: Quirks
}

/** The app that is there when none is configured. Its secret is public: it opens synthetic data only. */
export const demoApp = { clientId: 'demo-client', secret: 'demo-secret' } as const satisfies AppOptions

/**
 * Reads apps from a JSON file: an array of `AppOptions`, or one. Throws TypeError that names the place of a mistake and
 * never the secret.
 */
export async function readAppFile(path: string): Promise<readonly AppOptions[]> {
  const text = await readFile(path, 'utf8')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // Without its cause: a parser's message quotes the text it read, which holds the secret.
    throw new TypeError(`${path}: not JSON; write [{"clientId": "…", "secret": "…"}]`)
  }
  const entries: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  if (entries.length === 0) throw new TypeError(`${path}: holds no app; write [{"clientId": "…", "secret": "…"}]`)
  const apps = entries.map((entry, index) => {
    try {
      return checkApp(entry)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unreadable'
      throw new TypeError(`${path}: app ${index + 1}: ${reason}`, { cause: error })
    }
  })
  const twice = apps.find(({ clientId }, index) => apps.findIndex((app) => app.clientId === clientId) < index)
  if (twice !== undefined) throw new TypeError(`${path}: two apps have the client id "${twice.clientId}"`)
  return apps
}

type FieldRule = readonly [accepts: (value: unknown) => boolean, must: string]

const oneOf = (words: readonly string[]): FieldRule => [
  (value) => typeof value === 'string' && words.includes(value),
  words.map((word) => `"${word}"`).join(' or '),
]

/** Fields that say themselves what is wrong, by throwing. */
const telling = (check: (value: unknown) => unknown): FieldRule => [(value) => check(value) !== undefined, 'right']

/** What each field of an app must be, and the words for it. */
const appFields: Readonly<Record<keyof AppOptions, FieldRule>> = {
  clientId: [(value) => isText(value) && !value.includes(':'), 'text without a colon'],
  secret: [isText, 'text'],
  secrets: [(value) => isListOf(value, isText), 'a list of texts'],
  jwks: telling(checkJwks),
  jwksUrl: [isText, 'text'],
  authMethods: [(value) => isListOf(value, oneOf(authMethods)[0]), `a list of ${oneOf(authMethods)[1]}`],
  kind: oneOf(['two-legged', 'three-legged']),
  scopes: [(value) => isListOf(value, (one) => isText(one) && isScope(one)), 'a list of scopes'],
  practices: [(value) => isListOf(value, (id) => Number.isSafeInteger(id) && Number(id) > 0), 'whole numbers'],
  // The names of the presets are checked like the numbers.
  limits: telling((value) => resolveLimits(value as LimitsOption)),
  encoding: oneOf(['typed', 'string']),
  quirks: telling(checkQuirks),
}

/** Checks an app given as plain data. Throws TypeError or RangeError with what is wrong and never the secret. */
export function checkApp(entry: unknown): AppOptions {
  const app = checkAppFields(entry, Object.keys(appFields))
  if (app.clientId === undefined) throw new TypeError('"clientId" must be text without a colon')
  if (app.secret === undefined && app.secrets === undefined && app.jwks === undefined && app.jwksUrl === undefined) {
    throw new TypeError('give a "secret", "jwks" or "jwksUrl"')
  }
  return { ...app, clientId: app.clientId }
}

/** Checks those fields of an app that are there; there may be no others than `known`. */
export function checkAppFields(entry: unknown, known: readonly string[]): Partial<AppOptions> {
  if (typeof entry !== 'object' || entry === null) throw new TypeError('expected an object')
  for (const [name, value] of Object.entries(entry)) {
    if (!known.includes(name) || !Object.hasOwn(appFields, name)) throw new TypeError(`unknown field "${name}"`)
    const [accepts, must] = appFields[name as keyof AppOptions]
    if (value !== undefined && !accepts(value)) throw new TypeError(`"${name}" must be ${must}`)
  }
  // Every field has just been checked.
  return entry as Partial<AppOptions>
}

function checkJwks(set: unknown): JwkSet {
  try {
    if (readJwkSet(set).length === 0) throw new TypeError('holds no key that can check a signature')
  } catch (error) {
    throw new TypeError(`"jwks" ${error instanceof Error ? error.message : 'is unreadable'}`, { cause: error })
  }
  // It is a set: it has just been read.
  return set as JwkSet
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isListOf(value: unknown, accepts: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(accepts)
}
