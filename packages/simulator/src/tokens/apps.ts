import { resolveLimits, type Limits } from '../limits/limits.ts'
import type { App } from '../route.ts'
import { effectiveQuirks, type Quirks } from '../server/quirks.ts'
import { checkApp, checkAppFields, type AppOptions, type AuthMethod, type Encoding } from './app-options.ts'
import { readJwkSet, type JwkSet, type PublicKey } from './public-key.ts'
import { problemOfJwksUrl, RemoteKeys } from './remote-keys.ts'

/** An app with its rights. The same object stands for the app everywhere, and changes when it is changed. */
export interface RegisteredApp extends App {
  readonly kind: 'two-legged' | 'three-legged'
  readonly secrets: ReadonlySet<string>
  readonly keys: readonly PublicKey[]
  readonly remoteKeys: RemoteKeys | undefined
  readonly authMethods: readonly AuthMethod[]
  /** Scopes it was granted; the usual ones if undefined. */
  readonly grants: readonly string[] | undefined
  readonly practices: ReadonlySet<number> | undefined
  readonly limits: Limits | undefined
  readonly encoding: Encoding
  /** What is switched on for it, undefined for nothing. */
  readonly quirks: Quirks | undefined
}

type Entry = { -readonly [Name in keyof RegisteredApp]: RegisteredApp[Name] } & {
  ownEncoding: Encoding | undefined
  ownQuirks: Quirks | undefined
}

/** What the administration shows of an app: no secret. */
export interface AppReport extends Omit<AppOptions, 'secret' | 'secrets' | 'jwks' | 'limits' | 'encoding'> {
  /** Secrets that are good. */
  readonly secretCount: number
  /** Ids of the keys that are good; those of `jwksUrl` as last fetched. */
  readonly kids: readonly string[]
  readonly limits: Limits | undefined
  readonly encoding: Encoding
}

/** A change of an app: what is absent stays, `null` takes away what was its own. */
export interface AppChange {
  readonly addSecret?: string
  /** Stops being good at once. Tokens got with it live on, as on an authorization server: see `revoke`. */
  readonly retireSecret?: string
  readonly addKeys?: JwkSet
  /** Id of a key that stops being good at once. */
  readonly retireKey?: string
  readonly jwksUrl?: string | null
  readonly practices?: readonly number[] | null
  readonly scopes?: readonly string[] | null
  readonly limits?: AppOptions['limits'] | null
  readonly encoding?: Encoding | null
  readonly quirks?: Quirks | null
}

export interface AppsOptions {
  readonly encoding: Encoding
  readonly quirks: Quirks
  /** Hosts that keys may be fetched from without TLS. */
  readonly jwksHosts: readonly string[]
  /** The machine's time, ms. */
  readonly realTime: () => number
}

/** The apps that may ask for tokens. */
export class Apps {
  readonly #options: AppsOptions
  readonly #entries = new Map<string, Entry>()
  /** What apps set through the API, by client id; kept also for apps that are not registered any more. */
  readonly #encodings = new Map<string, Encoding>()
  #quirks: Quirks

  constructor(options: AppsOptions) {
    this.#options = options
    this.#quirks = options.quirks
  }

  get(clientId: string): RegisteredApp | undefined {
    return this.#entries.get(clientId)
  }

  /** Registers an app. Throws TypeError or RangeError when it makes no sense or its client id is taken. */
  add(given: AppOptions): RegisteredApp {
    const app = checkApp(given)
    if (this.#entries.has(app.clientId)) throw new TypeError(`apps: two have the client id "${app.clientId}"`)
    const entry: Entry = {
      ...bareApp(app.clientId),
      kind: app.kind ?? 'two-legged',
      secrets: new Set([...(app.secret === undefined ? [] : [app.secret]), ...(app.secrets ?? [])]),
      keys: app.jwks === undefined ? [] : readJwkSet(app.jwks),
      remoteKeys: this.#remoteKeys(app.jwksUrl),
      authMethods: app.authMethods ?? ['client_secret_basic', 'private_key_jwt'],
      grants: app.scopes,
      practices: app.practices && new Set(app.practices),
      limits: app.limits && resolveLimits(app.limits),
      ownEncoding: app.encoding,
      ownQuirks: app.quirks,
    }
    this.#entries.set(app.clientId, entry)
    this.#refresh(entry)
    return entry
  }

  /** Changes an app at once. Throws RangeError for an unknown one, TypeError for a change that makes no sense. */
  change(clientId: string, change: AppChange): RegisteredApp {
    const entry = this.#entryOf(clientId)
    checkChange(change)
    checkRetired(entry, change)
    if (change.jwksUrl !== undefined) entry.remoteKeys = this.#remoteKeys(change.jwksUrl ?? undefined)
    changeProof(entry, change)
    changeRights(entry, change)
    if (change.encoding !== undefined) this.#encodings.delete(clientId)
    this.#refresh(entry)
    return entry
  }

  /** Takes an app away and returns it. Throws RangeError for an unknown one. */
  remove(clientId: string): RegisteredApp {
    const entry = this.#entryOf(clientId)
    this.#entries.delete(clientId)
    return entry
  }

  /** Every app without its secrets. */
  list(): AppReport[] {
    return [...this.#entries.values()].map(reportOf)
  }

  /** The encoding an app set through the API itself; it outlives what the app was registered with. */
  setEncoding(clientId: string, encoding: Encoding): void {
    this.#encodings.set(clientId, encoding)
    const entry = this.#entries.get(clientId)
    if (entry !== undefined) this.#refresh(entry)
  }

  /** How answers for an app are encoded. */
  encodingOf(clientId: string): Encoding {
    return this.#encodings.get(clientId) ?? this.#entries.get(clientId)?.ownEncoding ?? this.#options.encoding
  }

  /** What is switched on for all. */
  get quirks(): Quirks {
    return this.#quirks
  }

  /** Switches habits of the answers on or off for all; what apps have of their own is laid over it. */
  setQuirks(quirks: Quirks): void {
    this.#quirks = quirks
    for (const entry of this.#entries.values()) this.#refresh(entry)
  }

  #entryOf(clientId: string): Entry {
    const entry = this.#entries.get(clientId)
    if (entry === undefined) throw new RangeError('there is no app of this client id')
    return entry
  }

  #refresh(entry: Entry): void {
    entry.encoding = this.encodingOf(entry.clientId)
    entry.quirks = effectiveQuirks(this.#quirks, entry.ownQuirks)
  }

  #remoteKeys(url: string | undefined): RemoteKeys | undefined {
    if (url === undefined) return undefined
    const problem = problemOfJwksUrl(url, this.#options.jwksHosts)
    if (problem !== undefined) throw new TypeError(`jwksUrl ${problem}`)
    return new RemoteKeys({ url, realTime: this.#options.realTime })
  }
}

/** An app that nothing is known of but its name: it may do everything and prove nothing. */
export function bareApp(clientId: string): Entry {
  return {
    clientId,
    kind: 'two-legged',
    secrets: new Set(),
    keys: [],
    remoteKeys: undefined,
    authMethods: [],
    grants: undefined,
    practices: undefined,
    limits: undefined,
    encoding: 'typed',
    quirks: undefined,
    ownEncoding: undefined,
    ownQuirks: undefined,
  }
}

/** Fields of a change that mean what the field of an app means that has this name. */
const sameAs = { addSecret: 'secret', retireSecret: 'secret', addKeys: 'jwks' } as const
const plainFields = ['jwksUrl', 'practices', 'scopes', 'limits', 'encoding', 'quirks']

function checkChange({ retireKey, ...change }: AppChange): void {
  if (retireKey !== undefined && typeof retireKey !== 'string') throw new TypeError('"retireKey" must be text')
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined || (value === null && plainFields.includes(name))) continue
    if (Object.hasOwn(sameAs, name)) {
      const field = sameAs[name as keyof typeof sameAs]
      checkAppFields({ [field]: value }, [field])
    } else checkAppFields({ [name]: value }, plainFields)
  }
}

function checkRetired({ secrets, keys }: Entry, { retireSecret, retireKey }: AppChange): void {
  if (retireSecret !== undefined && !secrets.has(retireSecret)) {
    throw new RangeError('retireSecret: the app has no such secret')
  }
  if (retireKey !== undefined && !keys.some(({ kid }) => kid === retireKey)) {
    throw new RangeError('retireKey: the app has no key of that id')
  }
}

function changeProof(entry: Entry, { addSecret, retireSecret, addKeys, retireKey }: AppChange): void {
  const secrets = addSecret === undefined ? [...entry.secrets] : [...entry.secrets, addSecret]
  entry.secrets = new Set(secrets.filter((secret) => secret !== retireSecret))
  const kept = retireKey === undefined ? entry.keys : entry.keys.filter(({ kid }) => kid !== retireKey)
  entry.keys = addKeys === undefined ? kept : [...kept, ...readJwkSet(addKeys)]
}

function changeRights(entry: Entry, { practices, scopes, limits, encoding, quirks }: AppChange): void {
  if (practices !== undefined) entry.practices = practices === null ? undefined : new Set(practices)
  if (scopes !== undefined) entry.grants = scopes ?? undefined
  if (limits !== undefined) entry.limits = limits === null ? undefined : resolveLimits(limits)
  if (encoding !== undefined) entry.ownEncoding = encoding ?? undefined
  if (quirks !== undefined) entry.ownQuirks = quirks ?? undefined
}

function reportOf(entry: Entry): AppReport {
  const { clientId, kind, authMethods, encoding, limits, grants, practices, remoteKeys, secrets, quirks } = entry
  return {
    clientId,
    kind,
    authMethods,
    encoding,
    limits,
    secretCount: secrets.size,
    kids: [...entry.keys, ...(remoteKeys?.keys ?? [])].map(({ kid }) => kid ?? ''),
    ...(grants !== undefined && { scopes: grants }),
    ...(practices !== undefined && { practices: [...practices] }),
    ...(remoteKeys !== undefined && { jwksUrl: remoteKeys.url }),
    ...(quirks !== undefined && { quirks }),
  }
}
