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
    throw new TypeError(`${path}: not JSON; write [{"clientId": "…", "secret": "…"}]`)
  }
  const entries: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed]
  if (entries.length === 0) throw new TypeError(`${path}: holds no app; write [{"clientId": "…", "secret": "…"}]`)
  return entries.map((entry, index) => {
    try {
      return parseApp(entry)
    } catch (error) {
      throw new TypeError(`${path}: app ${index + 1}: ${error instanceof Error ? error.message : 'unreadable'}`)
    }
  })
}

function parseApp(entry: unknown): AppOptions {
  if (typeof entry !== 'object' || entry === null) throw new TypeError('expected an object')
  const { clientId, secret, practices, encoding, ...unknown } = entry as Record<string, unknown>
  const [stray] = Object.keys(unknown)
  if (stray !== undefined) throw new TypeError(`unknown field "${stray}"`)
  if (typeof clientId !== 'string' || clientId === '' || clientId.includes(':')) {
    throw new TypeError('"clientId" must be text without a colon')
  }
  if (typeof secret !== 'string' || secret === '') throw new TypeError('"secret" must be text')
  if (encoding !== undefined && encoding !== 'typed' && encoding !== 'string') {
    throw new TypeError('"encoding" must be "typed" or "string"')
  }
  if (practices !== undefined && !isPracticeList(practices)) throw new TypeError('"practices" must be whole numbers')
  return { clientId, secret, ...(practices && { practices }), ...(encoding && { encoding }) }
}

function isPracticeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((id) => Number.isSafeInteger(id) && id > 0)
}
