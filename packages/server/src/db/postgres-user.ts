import { spawnSync } from 'node:child_process'
import { chownSync } from 'node:fs'
import { AegisError } from '../errors/aegis-error.ts'

/** How a program of PostgreSQL is started so that it does not run as root: it refuses to. */
export interface PostgresUser {
  /** Words in front of the program. */
  readonly prefix: readonly string[]
  /** The user to start it as, where that is not the one who runs us. */
  readonly ids?: { readonly uid: number; readonly gid: number }
}

/** The account made for PostgreSQL where root has no other way. */
const accountName = 'aegis-postgres'
/** "nobody", in a user name space of its own: outside it the files stay root's. */
const nobody = 65534
const unshare = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`]

/**
 * Not root: as we are. Root: inside a user name space that maps root to nobody, which needs no account and works below
 * root's home. Where the kernel or a container forbids that: a system account, made if it is missing. Else
 * `AegisError('db.no-unprivileged-user')`.
 */
export function postgresUser(uid: number = process.getuid?.() ?? 1): PostgresUser {
  if (uid !== 0) return { prefix: [] }
  if (succeeds([...unshare, 'true'])) return { prefix: unshare }
  return { prefix: [], ids: account() }
}

/** Hands a directory to the user PostgreSQL runs as. */
export function giveTo(user: PostgresUser, path: string): void {
  if (user.ids) chownSync(path, user.ids.uid, user.ids.gid)
}

function account(): { uid: number; gid: number } {
  const found = lookUp()
  if (found) return found
  succeeds(['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', accountName])
  const made = lookUp()
  if (!made) throw new AegisError('db.no-unprivileged-user')
  return made
}

function lookUp(): { uid: number; gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, accountName], { encoding: 'utf8' }))
  if (uid?.status !== 0 || gid?.status !== 0) return undefined
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

function succeeds([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}
