import { readFile } from 'node:fs/promises'
import type { App } from '../route.ts'

/** An app as it is registered with the simulator. */
export interface AppOptions {
  readonly clientId: string
  readonly secret: string
  /** Practices it may call; all if absent. */
  readonly practices?: readonly number[]
  /** How its JSON answers are encoded; the simulator's setting if absent. */
  readonly encoding?: Encoding
}

/** `string` is the era before 2019, when every boolean and number was sent as a string. */
export type Encoding = 'typed' | 'string'

/** An app with its rights. The same object stands for the app everywhere. */
export interface RegisteredApp extends App {
  readonly secret: string
  readonly practices: ReadonlySet<number> | undefined
  readonly encoding: Encoding
}

/** The app that is there when none is configured. Its secret is public: it opens synthetic data only. */
export const demoApp: AppOptions = { clientId: 'demo-client', secret: 'demo-secret' }

/** Apps by client id. Throws TypeError when two share one. */
export function registerApps(apps: readonly AppOptions[], encoding: Encoding): ReadonlyMap<string, RegisteredApp> {
  const registered = new Map<string, RegisteredApp>()
  for (const app of apps) {
    if (registered.has(app.clientId)) throw new TypeError('apps: two apps have the same client id')
    registered.set(app.clientId, {
      clientId: app.clientId,
      secret: app.secret,
      practices: app.practices === undefined ? undefined : new Set(app.practices),
      encoding: app.encoding ?? encoding,
    })
  }
  return registered
}

/**
 * Reads apps from a JSON file: an array of `{ "clientId", "secret", "practices"?, "encoding"? }`, or one such object.
 * Throws TypeError that names the place of a mistake and never the secret.
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
  return entries.map((entry, index) => {
    try {
      return parseApp(entry)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unreadable'
      throw new TypeError(`${path}: app ${index + 1}: ${reason}`, { cause: error })
    }
  })
}

/** What each field of an app must be, and the words for it. */
const appFields: Readonly<Record<string, readonly [accepts: (value: unknown) => boolean, must: string]>> = {
  clientId: [(value) => isText(value) && !value.includes(':'), 'text without a colon'],
  secret: [isText, 'text'],
  practices: [(value) => value === undefined || isPracticeList(value), 'whole numbers'],
  encoding: [(value) => value === undefined || value === 'typed' || value === 'string', '"typed" or "string"'],
}

function parseApp(entry: unknown): AppOptions {
  if (typeof entry !== 'object' || entry === null) throw new TypeError('expected an object')
  const stray = Object.keys(entry).find((name) => !Object.hasOwn(appFields, name))
  if (stray !== undefined) throw new TypeError(`unknown field "${stray}"`)
  const fields: Readonly<Record<string, unknown>> = { ...entry }
  for (const [name, [accepts, must]] of Object.entries(appFields)) {
    if (!accepts(fields[name])) throw new TypeError(`"${name}" must be ${must}`)
  }
  // Every field has just been checked.
  return entry as AppOptions
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isPracticeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id > 0)
}
