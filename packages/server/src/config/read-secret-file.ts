import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import type { Problem } from './config-error.ts'
import { looksLikeSecret } from './find-secrets.ts'
import { Secret } from './secret.ts'
import { systemCode } from './system-code.ts'

export interface SecretFile {
  /** The setting that names the file. */
  readonly setting: string
  readonly origin: string
  /** The path as it was given, for deciding whether it is one. */
  readonly given: string
  /** The absolute path. */
  readonly path: string
  /** Whether a file that everybody may read is refused, or only warned of. */
  readonly strict: boolean
  /** Whether it may be a private key, which has several lines, in the place of a secret. */
  readonly orKey?: boolean
}

export type SecretReading =
  | { readonly secret: Secret; readonly warning?: string }
  | { readonly secret?: undefined; readonly problem: Problem }

/** No secret is longer; a larger file is another one. */
const SECRET_BYTES_MAX = 16 * 1024

/** A JWK or PEM; whether it is a good one, the key server sees. */
const looksLikeKey = /^\s*(?:\{|-----BEGIN )/

const writableByOthers = 0o022
const readableByAll = 0o004
const readableByGroup = 0o040

const everybody = 'every user of this machine'

/** Reads the one secret of a file. What it says goes into no message. */
export function readSecretFile(file: SecretFile): SecretReading {
  const refuse = (what: string, remedy: string): SecretReading => {
    return { problem: { path: file.setting, origin: file.origin, what, remedy } }
  }
  let content: { stat: Stats; text: string }
  try {
    content = readWhole(file.path)
  } catch (error) {
    if (looksLikeSecret(file.given)) {
      return refuse(
        'looks like the secret itself; it should be the path of a file.',
        'Put the secret into a file that only you can read and name the file; have this one replaced.',
      )
    }
    return refuse(
      `names a file that cannot be read (${systemCode(error)}): ${file.path}`,
      'Put the secret alone, on one line, into this file, readable for the user that runs Aegis (chmod 600).',
    )
  }
  const { stat, text } = content
  const exposed = stat.isFile() ? exposure(stat, file.strict) : undefined
  if (exposed) return refuse(`names a file that ${exposed}: ${file.path}`, `Run: chmod 600 ${file.path}`)
  if (file.orKey && looksLikeKey.test(text)) return taken(file, new Secret(text), stat)
  const line = text.replace(/\r?\n$/, '')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!line.trim() || /[\u0000-\u001f\u007f]/.test(line)) {
    return refuse(
      `names a file that is empty or holds more than one line: ${file.path}`,
      'Put the secret alone, on one line, into this file.',
    )
  }
  return taken(file, new Secret(line.trim()), stat)
}

function taken({ setting, path }: SecretFile, secret: Secret, stat: Stats): SecretReading {
  const readers = stat.isFile() ? readersOf(stat) : undefined
  if (!readers) return { secret }
  return { secret, warning: `${setting}: ${readers} can read ${path}. Run: chmod 600 ${path}` }
}

/** Who else can. A file of another user's, such as root's, has to be open to this one's group. */
function readersOf({ mode, uid }: Stats): string | undefined {
  if (mode & readableByAll) return everybody
  return mode & readableByGroup && uid === process.getuid?.() ? 'its group' : undefined
}

/** A pipe (/dev/stdin) has no rights to check and no size. */
function readWhole(path: string): { stat: Stats; text: string } {
  const handle = openSync(path, constants.O_RDONLY)
  try {
    const stat = fstatSync(handle)
    if (stat.isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' })
    if (stat.size > SECRET_BYTES_MAX) throw Object.assign(new Error('too large'), { code: 'EFBIG' })
    return { stat, text: readFileSync(handle, 'utf8') }
  } finally {
    closeSync(handle)
  }
}

function exposure(stat: Stats, strict: boolean): string | undefined {
  if (stat.mode & writableByOthers) return 'others may write to'
  return strict && stat.mode & readableByAll ? `${everybody} can read` : undefined
}
