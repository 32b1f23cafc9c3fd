import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { TlsIdentity } from '../http/http-app.ts'
import type { KeyServerAt } from '../key-server/key-server-link.ts'
import type { ServiceGrants } from '../key-server/service-grants.ts'
import type { Problem } from './config-error.ts'
import type { Layers } from './read-layers.ts'
import type { Settings } from './settings.ts'
import { systemCode } from './system-code.ts'
import { isTree, type Tree, valueAt } from './tree.ts'

/** Where a process hands out tokens: on a port with mutual TLS, or on a socket for each service in a directory. */
export type TokensServedAt =
  | { readonly host: string; readonly port: number; readonly tls: TlsIdentity }
  | { readonly directory: string }

export interface KeyServerConfig {
  /** The key server in another process; absent: this process has the credentials. */
  readonly at?: KeyServerAt
  /** Absent: tokens are for this process alone. */
  readonly listen?: TokensServedAt
  readonly services: ServiceGrants
}

export interface KeyServerReading {
  readonly config: KeyServerConfig
  readonly problems: readonly Problem[]
  /** The files that it was read from, absolute. */
  readonly files: readonly string[]
}

/** Reads the section `keyServer` and the files that it names. */
export function readKeyServer(settings: Partial<Settings>, layers: Layers): KeyServerReading {
  const reader = new KeyServerReader(settings, layers)
  const config = reader.read()
  return { config, problems: reader.problems, files: reader.files }
}

class KeyServerReader {
  readonly problems: Problem[] = []
  readonly files: string[] = []
  readonly #settings: Partial<Settings>
  readonly #layers: Layers

  constructor(settings: Partial<Settings>, layers: Layers) {
    this.#settings = settings
    this.#layers = layers
  }

  read(): KeyServerConfig {
    const { keyServer, role } = this.#settings
    const { url, listen } = keyServer ?? {}
    const services = servicesOf(keyServer?.services ?? {})
    this.#judge()
    const at = url === undefined ? undefined : this.#at(url)
    const served = listen === undefined || role === undefined ? undefined : this.#served(listen)
    return { services, ...(at && { at }), ...(served && { listen: served }) }
  }

  #judge(): void {
    const { keyServer, role, athena } = this.#settings
    const { url, listen } = keyServer ?? {}
    if (role === 'key-server' && url !== undefined) {
      this.#refuse(
        'url',
        'is set on the key server itself.',
        'Leave it out here; it is for those who get tokens from this one.',
      )
    }
    if (role === 'key-server' && listen === undefined) {
      this.#refuse(
        'listen',
        'is missing.',
        'Say where the key server is reached: host:port with certificates, or unix:///directory.',
      )
    }
    if (url !== undefined && athena?.secretFile !== undefined) {
      const remedy = 'Leave it out: the secret is for the key server, and no other process should be able to read it.'
      this.problems.push({ path: 'athena.secretFile', what: 'is set beside keyServer.url.', remedy })
    }
  }

  #at(url: string): KeyServerAt | undefined {
    const path = pathOf(url)
    if (path !== undefined) return { path }
    const parsed = URL.parse(url)
    if (parsed?.protocol !== 'https:' || parsed.pathname !== '/' || parsed.search || parsed.username) {
      this.#refuse('url', 'is no place of a key server.', 'Write https://host:port or unix:///path/of/a.sock.')
      return undefined
    }
    const tls = this.#tls()
    return tls && { url: parsed.origin, tls }
  }

  #served(listen: string): TokensServedAt | undefined {
    const directory = pathOf(listen)
    if (directory !== undefined) return { directory }
    const [, host = '', port = ''] = /^(\[[0-9a-fA-F:]+\]|[^:/\s]+):(\d{1,5})$/.exec(listen) ?? []
    if (host === '' || Number(port) > 65_535) {
      this.#refuse(
        'listen',
        'is no place to listen at.',
        'Write host:port, such as 10.0.0.5:7421, or unix:///directory.',
      )
      return undefined
    }
    const tls = this.#tls()
    return tls && { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port), tls }
  }

  #tls(): TlsIdentity | undefined {
    const [cert, key, ca] = (['certFile', 'keyFile', 'caFile'] as const).map((name) => this.#pem(name))
    if (cert === undefined || key === undefined || ca === undefined) return undefined
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return { cert, key, ca }
    const remedy = 'Put the key that the certificate was made for there, or have a certificate made for this one.'
    this.#refuse('keyFile', 'holds another key than the certificate of keyServer.certFile is for.', remedy)
    return undefined
  }

  #pem(name: 'certFile' | 'keyFile' | 'caFile'): string | undefined {
    const given = this.#settings.keyServer?.[name]
    if (given === undefined) {
      this.#refuse(name, 'is missing.', 'With TLS both sides prove who they are: name certFile, keyFile and caFile.')
      return undefined
    }
    const path = this.#layers.pathOf(['keyServer', name], given)
    this.files.push(path)
    try {
      if (name === 'keyFile' && (statSync(path).mode & 0o077) !== 0) {
        this.#refuse(name, `names a file that others can read: ${path}`, `Run: chmod 600 ${path}`)
        return undefined
      }
      const text = readFileSync(path, 'utf8')
      void (name === 'keyFile' ? createPrivateKey(text) : new X509Certificate(text))
      return text
    } catch (error) {
      const remedy = `Put ${name === 'keyFile' ? 'the private key, without a passphrase,' : 'the certificate'} there, as PEM.`
      this.#refuse(name, `names a file that cannot be read as such (${systemCode(error)}): ${path}`, remedy)
      return undefined
    }
  }

  #refuse(name: string, what: string, remedy: string): void {
    const path = `keyServer.${name}`
    const origin = this.#layers.originOf(path.split('.'))
    if (this.problems.some((known) => known.path === path)) return
    this.problems.push({ path, ...(origin !== undefined && { origin }), what, remedy })
  }
}

/**
 * What is left of a list of services where what stands beside it cannot be used: whoever is named no longer is off it, and
 * nobody is put on it. Without a section `keyServer` that can be read as one, all of it.
 */
export function remainingServices(
  before: ServiceGrants,
  { tree, settings: { keyServer } }: { tree: Tree; settings: Partial<Settings> },
): ServiceGrants {
  const section = valueAt(tree, ['keyServer'])
  if (!isTree(section)) return before
  const { services = {} } = section
  const now = keyServer && servicesOf(keyServer.services)
  const named = Object.entries(before).filter(([name]) => isTree(services) && Object.hasOwn(services, name))
  return Object.fromEntries(named.map(([name, grant]) => [name, now?.[name] ?? grant]))
}

/** The path of a URL `unix:///…`. */
function pathOf(url: string): string | undefined {
  return /^unix:\/\/(\/\S+)$/.exec(url)?.[1]
}

function servicesOf(services: Settings['keyServer']['services']): ServiceGrants {
  return Object.fromEntries(
    Object.entries(services).map(([name, { practices, scopes }]) => [name, { practices, ...(scopes && { scopes }) }]),
  )
}
