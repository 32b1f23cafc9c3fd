import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AegisError } from '../errors/aegis-error.ts'
import type { VaultLogin, VaultPlace } from '../key-server/vault-reader.ts'
import type { Problem } from './config-error.ts'
import type { Layers } from './read-layers.ts'
import { readSecretFile } from './read-secret-file.ts'
import type { Settings } from './settings.ts'
import { systemCode } from './system-code.ts'

export interface VaultConfig {
  readonly place: VaultPlace
  readonly refreshMs: number
}

/** Reads the section `vault`: undefined where none is named. */
export function readVaultSection(
  settings: Partial<Settings>,
  layers: Layers,
): { readonly config: VaultConfig | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const refuse = (name: string, what: string, remedy: string) => {
    const origin = layers.originOf(['vault', name])
    problems.push({ path: `vault.${name}`, ...(origin !== undefined && { origin }), what, remedy })
  }
  const { vault } = settings
  const { url, path } = vault ?? {}
  if (vault === undefined || url === undefined) return { config: undefined, problems }
  const other = otherSource(settings)
  if (other !== undefined) refuse('url', `is set beside ${other}.`, 'Name one place that the secret comes from.')
  if (path === undefined) refuse('path', 'is missing.', 'Name the entry that the secret stands in.')
  if (!isPlace(url))
    refuse('url', 'is no place of a vault.', 'Write https://host:port; http is for the loopback interface.')
  const login = loginOf(vault, layers, refuse)
  const ca =
    vault.caFile === undefined ? undefined : pemReader(layers.pathOf(['vault', 'caFile'], vault.caFile), refuse)
  if (problems.length > 0 || path === undefined || !login) return { config: undefined, problems }
  const place = placeOf(vault, { url: new URL(url).origin, path, login, ca })
  return { config: { place, refreshMs: vault.refresh }, problems }
}

function placeOf(
  { mount, field, namespace }: Settings['vault'],
  given: Pick<VaultPlace, 'url' | 'path' | 'login'> & { readonly ca: (() => string) | undefined },
): VaultPlace {
  const { url, path, login, ca } = given
  const more = { ...(ca && { ca }), ...(namespace !== undefined && { namespace }) }
  return { url, path, mount, field, login, ...more }
}

/** The setting that names another place for the secret. */
function otherSource({ athena, keyServer }: Partial<Settings>): string | undefined {
  if (keyServer?.url !== undefined) return 'keyServer.url'
  return athena?.secretFile === undefined ? undefined : 'athena.secretFile'
}

type Refuse = (name: string, what: string, remedy: string) => void

function isPlace(url: string): boolean {
  const parsed = URL.parse(url)
  if (!parsed || parsed.pathname !== '/' || parsed.search !== '' || parsed.username !== '') return false
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(parsed.hostname)
  return parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopback)
}

/** Reads the file at once, to tell what is wrong with it, and anew each time: an authority is replaced, too. */
function pemReader(path: string, refuse: Refuse): () => string {
  const problem = () => {
    try {
      void new X509Certificate(readFileSync(path))
      return undefined
    } catch (error) {
      return systemCode(error)
    }
  }
  const first = problem()
  if (first !== undefined)
    refuse(
      'caFile',
      `names a file that cannot be read as such (${first}): ${path}`,
      'Put the certificate there, as PEM.',
    )
  return () => {
    if (problem() !== undefined)
      throw new AegisError('key-server.vault-refused', { reason: 'vault.caFile cannot be read' })
    return readFileSync(path, 'utf8')
  }
}

function loginOf(vault: Settings['vault'], layers: Layers, refuse: Refuse): VaultLogin | undefined {
  const read = (name: 'tokenFile' | 'roleIdFile' | 'secretIdFile') => fileReader(vault[name], { name, layers, refuse })
  const { tokenFile, roleIdFile, secretIdFile } = vault
  if (tokenFile !== undefined && roleIdFile === undefined && secretIdFile === undefined) {
    return { token: read('tokenFile') }
  }
  if (tokenFile === undefined && roleIdFile !== undefined && secretIdFile !== undefined) {
    return { roleId: read('roleIdFile'), secretId: read('secretIdFile'), mount: vault.appRoleMount }
  }
  refuse('tokenFile', 'is not alone, or missing.', 'Name tokenFile, or both roleIdFile and secretIdFile of an AppRole.')
  return undefined
}

/** Reads the file at once, to tell what is wrong with it, and anew each time: an agent replaces what stands there. */
function fileReader(
  given: string | undefined,
  { name, layers, refuse }: { name: string; layers: Layers; refuse: Refuse },
): () => string {
  const path = layers.pathOf(['vault', name], given ?? '')
  const origin = layers.originOf(['vault', name]) ?? ''
  const read = () => readSecretFile({ setting: `vault.${name}`, origin, given: given ?? '', path, strict: true })
  const first = read()
  if (!first.secret) refuse(name, first.problem.what, first.problem.remedy)
  return () => {
    const { secret } = read()
    if (!secret) throw new AegisError('key-server.vault-refused', { reason: `vault.${name} cannot be read` })
    return secret.reveal()
  }
}
