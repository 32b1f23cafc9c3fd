import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What the server's lock file in the data directory says. */
export interface PostmasterPid {
  readonly pid: number
  readonly port: number
  readonly socketDirectory: string
  /** 'starting' | 'ready' | 'stopping' | 'standby', as the server writes it; '' while the file is being written. */
  readonly status: string
}

/** Reads `postmaster.pid` of a data directory; undefined when there is none or it is not complete yet. */
export function readPostmasterPid(dataDir: string): PostmasterPid | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const pid = Math.abs(Number(lines[0])) // negative: a server in single-user mode
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined
  return { pid, port: Number(lines[3]), socketDirectory: lines[4] ?? '', status: (lines[7] ?? '').trim() }
}

/**
 * Whether `pid` is this data directory's server. A zombie is dead although signals reach it; a number that the system
 * has given to another program since is not our server either.
 */
export function postmasterState(pid: number, dataDir: string): 'running' | 'gone' | 'another program' {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'another program' : 'gone'
  }
  const stat = readProc(pid, 'stat')
  if (stat === undefined) return process.platform === 'linux' ? 'gone' : 'running'
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  if (state === 'Z' || state === 'X') return 'another program'
  const words = (readProc(pid, 'cmdline') ?? '').split('\0')
  return words.some((word) => /(^|\/)postgres$/.test(word)) && words.includes(dataDir) ? 'running' : 'another program'
}

/**
 * Whether a process of a server on this data directory is still there: after a SIGKILL of the postmaster its backends
 * live on for moments, and a server started beside them would damage the data. Linux only; elsewhere the server's own
 * check of its shared memory stands alone.
 */
export function hasBackends(dataDir: string): boolean {
  if (process.platform !== 'linux') return false
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => workingDirectory(pid) === dataDir && !isZombie(Number(pid)))
}

function isZombie(pid: number): boolean {
  const stat = readProc(pid, 'stat')
  return stat === undefined || /\) [ZX] /.test(stat)
}

function workingDirectory(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
