/** A key server and a worker as programs of their own, each on a host of its own as far as files go, beside one database. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppOptions, type Simulator, startSimulator } from '@aegis/simulator'
import { type RunningProgram, runAegis } from '../packages/cli/testing/run-aegis.ts'
import { systemClock } from '../packages/server/src/clock/clock.ts'
import { startEmbedded } from '../packages/server/src/db/embedded-postgres.ts'
import { silentLog } from '../packages/server/testing/memory-log.ts'
import { testAuthority } from '../packages/server/testing/test-certificates.ts'
import { freePort } from './free-port.ts'

const practice = 195900
const limits = { perSecond: 100, perDay: 100_000, tokensPerMinute: 50 }

export interface SeparateHosts {
  readonly simulator: Simulator
  /** The two hosts' directories, in which `aegis` finds its configuration. */
  readonly keys: string
  readonly worker: string
  /** What every process needs in its environment. */
  readonly env: Readonly<Record<string, string>>
  /** Runs a command on a host until it ends; `input` is what is piped in. */
  run(cwd: string, args: readonly string[], input?: string): Promise<Awaited<RunningProgram['ended']>>
  /** Starts the instance of a host; it is ended with the test. `extra`: more of its environment. */
  start(cwd: string, extra?: Readonly<Record<string, string>>): RunningProgram
}

/** Makes both hosts for one app, which calls for one practice. Nothing runs yet but the simulator and PostgreSQL. */
export async function separateHosts(
  test: { after(work: () => Promise<void>): void },
  app: Omit<AppOptions, 'practices'>,
): Promise<SeparateHosts> {
  const folder = mkdtempSync(join(tmpdir(), 'ks-'))
  const simulator = await startSimulator({
    practices: [{ id: practice, patients: 5 }],
    apps: [{ ...app, practices: [practice] }],
    limits,
  })
  const place = { dataDir: join(folder, 'postgres'), runDir: join(folder, 'run') }
  const database = await startEmbedded({ ...place, log: silentLog, clock: systemClock })
  const running: RunningProgram[] = []
  test.after(async () => {
    for (const { child, ended } of running.toReversed()) {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      await ended
    }
    await database.stop()
    await simulator.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const env = { DATABASE_URL: database.ownerUrl }
  const { keys, worker } = await bothHosts(folder, { clientId: app.clientId, baseUrl: simulator.url })
  return {
    simulator,
    keys,
    worker,
    env,
    run: (cwd, args, input) => runAegis(args, { cwd, env, ...(input !== undefined && { input }) }).ended,
    start(cwd, extra = {}) {
      const program = runAegis(['up', '--plain'], { cwd, env: { ...env, ...extra } })
      running.push(program)
      return program
    },
  }
}

async function bothHosts(folder: string, athena: { clientId: string; baseUrl: string }) {
  const authority = testAuthority()
  /** A host of its own, as a directory: its configuration, certificate and home. */
  const host = (name: string, settings: object): string => {
    const cwd = join(folder, name)
    mkdirSync(cwd)
    const { cert, key, ca } = authority.identity(name, [name, 'localhost'])
    for (const [file, text] of Object.entries({ cert, key, ca }))
      writeFileSync(join(cwd, `${file}.pem`), text, { mode: 0o600 })
    writeFileSync(join(cwd, 'aegis.yaml'), JSON.stringify(settings))
    return cwd
  }
  const files = { certFile: 'cert.pem', keyFile: 'key.pem', caFile: 'ca.pem' }
  const both = {
    environment: 'local',
    athena,
    practices: [practice],
    policy: { offHours: 'always' },
    clock: 'simulator',
    http: { port: 0 },
  }
  const port = await freePort()
  const listen = { listen: `127.0.0.1:${port}`, services: { worker: { practices: [practice] } } }
  return {
    keys: host('key-server', { ...both, role: 'key-server', keyServer: { ...files, ...listen } }),
    worker: host('worker', { ...both, role: 'worker', keyServer: { ...files, url: `https://localhost:${port}` } }),
  }
}
