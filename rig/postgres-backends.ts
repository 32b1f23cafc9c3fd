import { execFileSync } from 'node:child_process'

export interface Backend {
  readonly pid: number
  /** What it is doing, as PostgreSQL puts it into the name of the process: `COMMIT`, `INSERT`, `idle`. */
  readonly doing: string
}

/** The processes of a PostgreSQL server that serve one of Aegis's connections each. */
export function backendsOf(postmaster: number): Backend[] {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' })
  return processes.split('\n').flatMap((line) => {
    const [, pid, parent, doing] = /^\s*(\d+)\s+(\d+)\s+postgres: aegis_\w+ \w+ \[local\] (.+)$/.exec(line) ?? []
    return Number(parent) === postmaster ? [{ pid: Number(pid), doing: doing?.trim() ?? '' }] : []
  })
}

/** Ends one of them, as `pg_terminate_backend` does; true when it was there. */
export function terminate({ pid }: Backend): boolean {
  try {
    return process.kill(pid, 'SIGTERM')
  } catch {
    return false
  }
}
