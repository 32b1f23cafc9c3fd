import { type AthenaClient, type AthenaClientOptions, createAthenaClient } from '../src/athena-client.ts'
import type { AthenaPractice } from '../src/resources/athena-practice.ts'
import { type Reply, scriptedFetch, type ScriptedFetch } from './scripted-fetch.ts'
import { type TestClock, testClock } from './test-clock.ts'

export interface TestClient extends ScriptedFetch {
  readonly client: AthenaClient
  /** Practice 195900. */
  readonly practice: AthenaPractice
  readonly clock: TestClock
  /** Runs work to its end, moving the clock. */
  run<T>(work: Promise<T>): Promise<T>
}

/** A client whose world is a script: no sockets, no real time, no jitter (random is 0). */
export function testClient(replies: readonly (Reply | 'repeat')[], options: TestOptions = {}): TestClient {
  const { tokenReplies, ...rest } = options
  const script = scriptedFetch(replies, tokenReplies)
  const clock = testClock()
  const client = createAthenaClient({
    environment: 'preview',
    ...(rest.tokenSource ? {} : { credential: { clientId: 'client', secret: 'swordfish' } }),
    fetch: script.fetch,
    clock,
    random: () => 0,
    ...rest,
  })
  return { ...script, client, practice: client.practice(195900), clock, run: (work) => clock.run(work) }
}

export interface TestOptions extends Partial<AthenaClientOptions> {
  readonly tokenReplies?: readonly Reply[]
}
