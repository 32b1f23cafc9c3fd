import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type AegisConfig, bindHome, type ConfigSources, lockHome, prepareHome, type Seams } from '@aegis/server'
import { demoApp, type Simulator, type SimulatorOptions } from '@aegis/simulator'
import { workingMorning } from './working-morning.ts'

/** Virtual seconds per second: an hour of a practice's life in five minutes, fast enough to watch. */
const SPEED = 12
const SEED = 7
const PATIENTS = 1_000
/** Of the simulator, in the home. */
const DIRECTORY = 'simulator'

/** What takes athenahealth up to a quarter of an hour takes half a minute of the demo's time. */
const MOMENT = '30s'
const MOMENT_MS = 30_000

/** The settings of `aegis up --demo`; a file, variables and flags may change all but the app and the environment. */
export function demoConfig(): NonNullable<ConfigSources['demo']> {
  return {
    settings: {
      environment: 'local',
      // The address is that of the simulator, once it runs.
      athena: { clientId: demoApp.clientId, secretFile: 'built-in', baseUrl: 'http://127.0.0.1' },
      practices: [195900],
      clock: 'simulator',
      policy: { offHours: 'always' },
      sync: { settle: MOMENT, activationCheck: '5s', foreignWindow: '1m' },
    },
    secret: demoApp.secret,
  }
}

/** Whether the demo of this home was started before, so that its simulator has a past to catch up with. */
export function hasPast({ home }: AegisConfig): boolean {
  return existsSync(journalOf(home))
}

function journalOf(home: string): string {
  return join(home, DIRECTORY, 'journal.db')
}

/**
 * The simulator of the demo: the configured practices, living through their day. What happens to them is kept in the home,
 * so that the next start goes on with the same practices at the same time, as a real one would have.
 */
export function demoSimulator({ practices, home }: AegisConfig): SimulatorOptions {
  return {
    journal: journalOf(home),
    // Of the first start: whenever that is, the practices are at work.
    startAt: workingMorning(Date.now()),
    seed: SEED,
    practices: practices.map((id) => ({ id, patients: PATIENTS, restrictions: 'filtered' })),
    day: true,
    speed: SPEED,
    activationLagMs: MOMENT_MS,
  }
}

/**
 * Makes room for the simulator in the home. Throws `ops.already-running` when somebody else is at home, because two
 * simulators must not write one journal, and `ops.home-crossed` when the home is not a demo's.
 */
export function prepareDemo(config: AegisConfig): void {
  const home = prepareHome(config.home)
  const lock = lockHome(home)
  try {
    bindHome(home, config)
    mkdirSync(join(home.path, DIRECTORY), { recursive: true, mode: 0o700 })
  } finally {
    lock.release()
  }
}

/** The configuration pointed at the simulator that was started for it. */
export function pointedAt(config: AegisConfig, { url }: Simulator): { config: AegisConfig; seams: Seams } {
  return { config: { ...config, athena: { ...config.athena, baseUrl: url } }, seams: { simulatorUrl: url } }
}
