import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AegisProcess } from './aegis-process.ts'
import { embeddedLogins } from './held-mirror.ts'
import { judgePractice, type PracticeVerdict } from './judge-practice.ts'
import { comeToRest, followVersions, startPractice, writeConfig } from './one-practice.ts'
import { seededRandom } from './seeded-random.ts'
import { onInterrupt } from './on-interrupt.ts'

export interface KillRunOptions {
  readonly seed: number
  readonly kills: number
  readonly patients: number
}

export interface KillRunResult extends PracticeVerdict {
  readonly kills: Readonly<Record<Victim, number>>
}

type Victim = 'aegis' | 'postgres' | 'both'

/**
 * One run: a simulated practice lives through its day while Aegis, its PostgreSQL or both are killed again and again,
 * first during the first load, then during a running day. At the end the practice rests, Aegis catches up, and the
 * mirror must equal the truth.
 */
export async function killRun({ seed, kills, patients }: KillRunOptions): Promise<KillRunResult> {
  const random = seededRandom(seed)
  const directory = mkdtempSync(join(tmpdir(), 'aegis-rig-'))
  const simulator = await startPractice({ seed, patients })
  const versions = followVersions(simulator)
  const options = { home: join(directory, 'home'), config: writeConfig(directory, { url: simulator.url }) }
  let aegis = new AegisProcess(options)
  const counts: Record<Victim, number> = { aegis: 0, postgres: 0, both: 0 }
  const forget = onInterrupt(() => {
    aegis.abandon()
    rmSync(directory, { recursive: true, force: true })
  })
  try {
    for (let killed = 0; killed < kills; killed += 1) {
      // The first kills meet the start, the migrations and the first load; later ones a running day.
      const loading = killed < kills / 2
      if (!loading || random() < 0.7) await aegis.ready()
      await sleep(random() * (loading ? 1_500 : 4_000))
      const victim = (['aegis', 'postgres', 'both'] as const)[Math.floor(random() * 3)] ?? 'aegis'
      await strike(aegis, victim)
      counts[victim] += 1
      if (!aegis.running) aegis = new AegisProcess(options)
    }
    await aegis.ready()
    await comeToRest(aegis, simulator)
    const ground = { processes: [aegis], simulator, logins: embeddedLogins(options.home) } as const
    return { kills: counts, ...(await judgePractice(ground, { versions })) }
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n${aegis.said}`, {
      cause: error,
    })
  } finally {
    forget()
    await aegis.stop()
    await simulator.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function strike(aegis: AegisProcess, victim: Victim): Promise<void> {
  const postgres = aegis.postgresPid()
  if (victim !== 'postgres') await aegis.kill()
  if (victim !== 'aegis' && postgres !== undefined) {
    try {
      process.kill(postgres, 'SIGKILL')
    } catch {
      // It had ended by itself: there is nothing to kill.
    }
  }
}
