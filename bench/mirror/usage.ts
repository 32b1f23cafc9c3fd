import { readdirSync, readFileSync } from 'node:fs'

/** What a process has used so far, and holds now. */
export interface Usage {
  readonly cpuMs: number
  readonly rssBytes: number
}

/** Linux counts CPU time in hundredths of a second. */
const tickMs = 10

/** Of a process, and of its children where they are asked for (a PostgreSQL server's backends); zeros where /proc is not. */
export function usageOf(pid: number, { children = false } = {}): Usage {
  const pids = children ? [pid, ...childrenOf(pid)] : [pid]
  let [cpuMs, rssBytes] = [0, 0]
  for (const each of pids) {
    const fields = statOf(each)
    if (fields === undefined) continue
    // Own time and, of children, that of those that ended: user, system, and theirs.
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number)
    cpuMs += (user + system + (children && each === pid ? childUser + childSystem : 0)) * tickMs
    rssBytes += residentBytes(each)
  }
  return { cpuMs, rssBytes }
}

/** The fields behind the name of the program, which may have anything in it. */
function statOf(pid: number): string[] | undefined {
  return readProc(pid, 'stat')?.split(') ').at(-1)?.split(' ')
}

/** Without shared pages of PostgreSQL counted once per backend: those are in the server's own settings. */
function residentBytes(pid: number): number {
  const status = readProc(pid, 'status') ?? ''
  const part = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024
  return part('VmRSS') - part('RssShmem')
}

function childrenOf(pid: number): number[] {
  let all: string[] = []
  try {
    all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
  return all.map(Number).filter((each) => Number(statOf(each)?.[1]) === pid)
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
