import { statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock/clock.ts'
import type { RereadKeyServer } from '../config/aegis-config.ts'
import { ConfigError } from '../config/config-error.ts'
import type { KeyServerConfig } from '../config/read-key-server.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { StandingError } from '../errors/standing-error.ts'
import type { Log } from '../log/log.ts'
import { repeatedly } from './repeatedly.ts'

export interface FollowFilesDeps {
  readonly reread: () => RereadKeyServer
  /** What was taken into use last. */
  readonly inUse: () => KeyServerConfig
  /** Takes what was read into use: whether any of it is new. Throws when it does not fit, and leaves all as it was. */
  readonly use: (config: KeyServerConfig) => Promise<boolean>
  /** The machine's: files are. */
  readonly clock: Clock
  readonly log: Log
}

export interface FollowedFiles {
  /** That what was changed cannot be used; undefined while all is well. */
  standing(): StandingError | undefined
  stop(): Promise<void>
}

const lookEveryMs = 1_000
/** What is in the way may be outside the files, such as a socket or a disk that is full. */
const retryMs = 10_000

/**
 * Takes changed certificates and lists of services into use within two or three seconds, without a start. A file is read
 * once it has stood still between two looks: it may be written in parts, and a certificate and its key are two files. What
 * cannot be used stands as an error until it is mended, and is tried again; what was read before goes on meanwhile, but not
 * for a service that is named no longer, whatever else is wrong.
 */
export function followKeyServerFiles(deps: FollowFilesDeps): FollowedFiles {
  const { clock, log } = deps
  let files = filesOf(deps)
  let seen = stateOf(files)
  // It was read a while ago, when the process began to start.
  let used: string | undefined
  let failing: { readonly error: AegisError; readonly since: number; readonly triedAt: number } | undefined
  const take = async () => {
    // As it was before it is read: what changes meanwhile is read again.
    used = seen
    let read: RereadKeyServer | undefined
    try {
      read = deps.reread()
      if (!isDeepStrictEqual(read.files, files)) {
        files = read.files
        seen = stateOf(files)
        used = undefined
      }
      if (await deps.use(read.config())) log.info('key-server.settings-taken')
      failing = undefined
    } catch (cause) {
      const error = explained(cause)
      if (failing?.error.message !== error.message) log.error('key-server.settings-unusable', cause)
      failing = { error, since: failing?.since ?? clock.steady(), triedAt: clock.steady() }
      if (read) await takeAway(deps, read)
    }
  }
  const stop = repeatedly({ clock, afterMs: () => lookEveryMs }, async () => {
    const now = stateOf(files)
    const stands = now === seen
    seen = now
    const isDue = now !== used || (failing !== undefined && clock.steady() - failing.triedAt >= retryMs)
    if (stands && isDue) await take()
  })
  return {
    standing() {
      if (!failing) return undefined
      return { error: failing.error, forMs: clock.steady() - failing.since, servesMs: Number.POSITIVE_INFINITY }
    },
    stop,
  }
}

/** Whoever is off the list is off it; for that nothing is begun that could fail. */
async function takeAway({ inUse, use, log }: FollowFilesDeps, { remaining }: RereadKeyServer): Promise<void> {
  try {
    if (await use(remaining(inUse()))) log.info('key-server.settings-taken')
  } catch (cause) {
    log.error('key-server.settings-unusable', cause)
  }
}

/** At the start; should they not be readable just then, they are looked for again. */
function filesOf({ reread }: Pick<FollowFilesDeps, 'reread'>): readonly string[] {
  try {
    return reread().files
  } catch {
    return []
  }
}

/** In a line, which settings are meant; "aegis doctor" says it in full. */
function explained(cause: unknown): AegisError {
  if (isAegisError(cause, 'key-server.settings-unusable')) return cause
  const places = cause instanceof ConfigError ? cause.problems.map(({ path }) => path) : []
  const detail = isAegisError(cause) ? { reason: cause.code } : {}
  const settings = places.length > 0 ? { settings: places.join(', ') } : detail
  return new AegisError('key-server.settings-unusable', settings, { cause })
}

/** Tells two states of the files apart, wherever links lead; a file that is not there is a state, too. */
function stateOf(files: readonly string[]): string {
  return files.map(fileState).join('\n')
}

function fileState(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat
      ? [path, stat.dev, stat.ino, stat.size, stat.mode, stat.mtimeNs, stat.ctimeNs].join(' ')
      : `${path} none`
  } catch {
    return `${path} unreadable`
  }
}
