import { join } from 'node:path'
import type { Clock } from '../../clock/clock.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import { directFetch } from '../../egress/direct-fetch.ts'
import { boundTo, type Home } from '../../ops/home.ts'
import { homeUse } from '../../ops/home-lock.ts'
import type { Instance } from '../../ops/instance-file.ts'
import type { StatusReport } from '../../ops/status-report.ts'
import { version } from '../../version.ts'
import { type Finding, reporter } from './finding.ts'
import { presenceOf } from './presence.ts'

const report = reporter('instance')

/** What runs on the home. */
export interface InstanceLook {
  readonly findings: readonly Finding[]
  /** What it says of itself; undefined when none answers. */
  readonly status: StatusReport | undefined
}

const ANSWER_MS = 15_000

/** Asks the instance of the home how it is, if one runs; and whether the home is the configuration's. */
export async function lookAtInstance(home: Home, config: AegisConfig | undefined, clock: Clock): Promise<InstanceLook> {
  const crossed = config ? crossedHome(home, config) : []
  const { findings, status } = await lookAtRunning(home, clock)
  return { findings: [...crossed, ...findings], status }
}

async function lookAtRunning(home: Home, clock: Clock): Promise<InstanceLook> {
  const without = (finding: Finding) => ({ findings: [finding], status: undefined })
  if (presenceOf(join(home.run, 'instance.json')) === 'hidden')
    return without(report.skipped('running', 'Whether one runs is not known: the home cannot be looked at.'))
  try {
    const use = homeUse(home)
    if (!use.held)
      return without(use.left ? tellOf(use.left.pid, killed) : report.ok('running', 'None runs on this home'))
    const { instance } = use
    if (!instance) return without(tellOf(use.pid, starting))
    const status = await statusOf(instance, clock)
    return status ? { findings: judged(instance, status), status } : without(tellOf(instance.pid, silent))
  } catch (error) {
    return without(report.fromError('running', error))
  }
}

type Told = readonly [what: string, remedy: string]

function tellOf(pid: number | undefined, [what, remedy]: Told): Finding {
  return report.warning('running', `Process ${pid ?? 'unknown'} ${what}`, remedy)
}

/** It holds the home: another one is refused. */
const starting: Told = [
  'holds this home and does not listen.',
  'If it is starting, ending, or a command such as "aegis keys", ask again when it is done; if it stays so, look at its log.',
]
const silent: Told = [
  'runs on this home and does not answer.',
  'Look at its log; end it (SIGTERM, then SIGKILL) before "aegis up" starts it again.',
]
/** Nothing is sent to where it listened: somebody else may listen there now. */
const killed: Told = [
  'ran on this home, did not say that it ended, and is gone.',
  'If it was killed, "aegis up" starts it again.',
]

/** A home belongs to one environment for good. */
function crossedHome(home: Home, { environment, demo }: AegisConfig): Finding[] {
  const bound = boundTo(home)
  const wanted = demo ? 'demo' : environment
  if (bound === undefined || bound === wanted) return []
  const remedy = 'Give every environment, and the demo, a home of its own with --home or AEGIS_HOME.'
  return [report.failure('home', `The home ${home.path} belongs to ${bound}, the configuration to ${wanted}.`, remedy)]
}

async function statusOf({ url, token }: Instance, clock: Clock): Promise<StatusReport | undefined> {
  const late = new AbortController()
  const timer = clock.timer(ANSWER_MS, () => late.abort())
  try {
    const response = await directFetch(`${url}/aegis/v1/status`, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: late.signal,
    })
    // The instance answers in the shape of the release it is; what is read of it below every release has.
    return response.ok ? ((await response.json()) as StatusReport) : undefined
  } catch {
    return undefined
  } finally {
    timer.cancel()
  }
}

function judged({ pid, version: running }: Instance, { alarms, environment }: StatusReport): Finding[] {
  const findings = [report.ok('running', `Process ${pid}, release ${running}, ${environment}`)]
  if (running !== version) {
    const message = `The running process is release ${running}, this program ${version}.`
    findings.push(report.warning('release', message, 'Start the process again once the new release is to be used.'))
  }
  const errors = alarms.filter(({ level }) => level === 'error').length
  const remedy = '"aegis status" shows each with its remedy.'
  if (errors > 0) findings.push(report.failure('alarms', `It has ${errors} alarms that are errors.`, remedy))
  else if (alarms.length > 0) findings.push(report.warning('alarms', `It has ${alarms.length} warnings.`, remedy))
  else findings.push(report.ok('alarms', 'No alarms'))
  return findings
}
