/** What the doctor says of a practice that does not answer although the credential is accepted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthenaError } from '@aegis/client'
import { type FaultRule, startSimulator } from '@aegis/simulator'
import { silentLog } from '../../../testing/memory-log.ts'
import { systemClock } from '../../clock/clock.ts'
import { systemRandom } from '../../clock/random.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import { StopStack } from '../stop-stack.ts'
import { type Asker, bareAsker } from './ask-athenahealth.ts'
import { checkAccess } from './check-athenahealth.ts'

const practice = 195900

function configured(baseUrl: string): AegisConfig {
  const athena = { clientId: 'demo-client', baseUrl, scope: 'athena/service/Athenanet.MDP.*', allowedHosts: [] }
  const limits = { perSecond: 50, perDay: 1_000, tokensPerMinute: 5 }
  // Nothing else of it is read here.
  return { environment: 'local', practices: [practice], clock: 'system', athena, limits } as unknown as AegisConfig
}

/** What is said of the practice: of all else it is said to be well. */
async function told(asker: Asker, config: AegisConfig): Promise<string> {
  const [bad, ...more] = (await checkAccess(asker, config)).filter(({ level }) => level !== 'ok')
  assert.deepEqual([bad?.level, bad?.check, more], ['failure', 'practice', []])
  return `${bad?.message} ${bad?.remedy}`
}

const cases: readonly [what: string, fault: FaultRule, says: RegExp][] = [
  [
    'a page of some proxy in its place',
    { kind: 'html', status: 200 },
    /^What answers at the base URL .*practice: 195900, answer: malformed-response.*start\.not-athenahealth\) Check athena\.baseUrl/,
  ],
  [
    'a failure each time',
    { kind: 'server-error', status: 503 },
    /^athenahealth did not answer .*practice: 195900, answer: server-error.*start\.upstream-failed\) Try again/,
  ],
  [
    'a connection that breaks',
    { kind: 'reset-before' },
    /^athenahealth cannot be reached .*practice: 195900, answer: network.*start\.upstream-unreachable\) Check the network/,
  ],
]
for (const [what, fault, says] of cases) {
  test(`of a practice, ${what} is told, and what to do`, async (context) => {
    const faults = [{ ...fault, when: { path: '/practiceinfo' } }]
    const practices = [{ id: practice, patients: 1 }]
    const simulator = await startSimulator({ practices, startAt: Date.now(), faults })
    context.after(() => simulator.stop())
    const stops = new StopStack()
    context.after(() => stops.run())
    const config = configured(simulator.url)
    const ground = { config, clock: systemClock, random: systemRandom, log: silentLog, noteRequest: () => undefined }
    assert.match(await told(bareAsker({ ...ground, content: Buffer.from('demo-secret') }, stops), config), says)
  })
}

test('of a practice, that there was no answer in time is told, and what to do', async () => {
  const asker: Asker = {
    counted: true,
    token: async () => 'granted',
    practice: () => Promise.reject(new AthenaError('timeout')),
    skewMs: () => 0,
  }
  const says = /answer: timeout\)\. \(start\.upstream-unreachable\) Check the network/
  assert.match(await told(asker, configured('http://127.0.0.1:1')), says)
})
