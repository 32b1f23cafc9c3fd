import { freeBytes, isTooLittle } from '../../errors/disk-full.ts'
import type { CoreDumps } from '../core-dumps.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('machine')

/** The Node that Aegis is built for. */
const NODE_MAJOR = 24

/** Whether this Node runs Aegis: `version` as `process.versions.node`. */
export function checkNode(version: string): Finding {
  const major = Number(version.split('.')[0])
  if (major >= NODE_MAJOR) return report.ok('node', `Node ${version}`)
  const remedy = 'Start Aegis through npx or its own bin: the Node it needs is installed with its packages ("npm ci").'
  return report.failure('node', `This is Node ${version}; Aegis needs ${NODE_MAJOR} or newer.`, remedy)
}

/** Less free space than this is worth a word: some hours of a large first load. */
const ROOM_LOW = 2 * 1024 ** 3

/** Whether there is room where the home is (or would be). */
export function checkDisk(path: string): Finding {
  return judgeRoom(freeBytes(path))
}

/** What so much room, in bytes, means; undefined: there is no such place (pure). */
export function judgeRoom(free: number | undefined): Finding {
  const remedy =
    'Free space there, or move the home to a larger disk. A running Aegis goes on by itself when there is room.'
  if (free === undefined)
    return report.skipped(
      'disk',
      'How much room there is is not known: the home is not there yet, or not to be looked at.',
    )
  const shown = free >= 1024 ** 3 ? `${(free / 1024 ** 3).toFixed(1)} GB` : `${Math.floor(free / 1024 ** 2)} MB`
  if (isTooLittle(free)) return report.failure('disk', `The disk of the home is full (${shown} free).`, remedy)
  if (free < ROOM_LOW) return report.warning('disk', `The disk of the home has only ${shown} free.`, remedy)
  return report.ok('disk', `${shown} free on the disk of the home`)
}

/** Whether a process leaves its memory behind when it dies: the one that runs, or one that is started from here (pure). */
export function judgeCoreDumps(dumps: CoreDumps | undefined, of: 'running' | 'here'): Finding {
  if (dumps === undefined)
    return report.skipped('core-dumps', 'The system does not tell whether core dumps are written.')
  const which = of === 'running' ? 'A process' : 'Started from here, a process'
  if (dumps === 'none') return report.ok('core-dumps', `${which} that dies leaves none of its memory in a file`)
  if (dumps === 'handed-over') {
    const message =
      'The system gives the memory of a process that dies to a program (/proc/sys/kernel/core_pattern); whether it keeps it is up to that program: keys, secrets and patients.'
    const remedy =
      'See that its configuration keeps nothing of Aegis; or start Aegis with LimitCORE=1 in its unit of systemd, or by "prlimit --core=1 ...": a limit of 0 does not stop it.'
    return report.warning('core-dumps', message, remedy)
  }
  const message = `${which} that dies may leave its memory in a file: keys, secrets and patients in the open.`
  return report.warning(
    'core-dumps',
    message,
    'Start Aegis after "ulimit -c 0", or with LimitCORE=0 in its unit of systemd.',
  )
}
