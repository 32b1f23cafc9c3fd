import type { PlantedBug } from './planted-bugs.ts'

const server = 'packages/server/src'

/** Bugs that only a network shows which loses what is sent and tells nobody. */
export const plantedNetworkBugs: readonly PlantedBug[] = [
  {
    name: 'an answer of PostgreSQL that the network has lost is waited for for ever',
    file: `${server}/db/open-db.ts`,
    find: `      query_timeout: options.answerTimeoutMs ?? 45_000,\n`,
    replace: ``,
    caughtBy: [`${server}/db/silent-network.test.ts`],
  },
  {
    name: 'a stop waits until somebody answers who cannot be reached',
    file: `${server}/start/stop-stack.ts`,
    find: `for (const giveUp of this.#lastResorts) giveUp()`,
    replace: ``,
    caughtBy: [`${server}/start/stop-stack.test.ts`],
  },
  {
    name: 'while the key server is away its last token serves on after its end',
    file: `${server}/key-server/remote-token-source.ts`,
    find: `if (!held || held.usableUntil <= this.#deps.clock.steady()) return undefined`,
    replace: `if (!held) return undefined`,
    caughtBy: [`${server}/key-server/remote-tokens.test.ts`, 'faults partition 1'],
  },
  {
    name: 'a process that stood still hands out the token it had, whatever became of it meanwhile',
    file: `${server}/key-server/remote-token-source.ts`,
    find: `if (!this.#isAway || !isKnown) return undefined`,
    replace: `if (!this.#isAway) return undefined`,
    caughtBy: [`${server}/key-server/silent-key-server.test.ts`],
  },
  {
    name: "what our first read of a feed took is somebody else's doing where its answer was lost",
    file: `${server}/sync/check-foreign.ts`,
    find: `state.drain_ended_at !== null || (await mayHaveRead(tx, held))`,
    replace: `state.drain_ended_at !== null`,
    caughtBy: [`${server}/sync/missed-changes.pg.test.ts`],
  },
  {
    name: 'a read that was refused is our first one: whoever reads beside us is let go on',
    file: `${server}/sync/check-foreign.ts`,
    find: `state.drain_ended_at !== null || (await mayHaveRead(tx, held))`,
    replace: `state.drain_started_at !== null`,
    caughtBy: [`${server}/sync/broken-answers.pg.test.ts`],
  },
  {
    name: 'the sign that a feed was read is swept before the feed was read to its end',
    file: 'packages/server/migrations/0136_sync_first_reads.sql',
    find: `(i.outcome = 'not-executed' or exists (`,
    replace: `(true or exists (`,
    caughtBy: [`${server}/sync/many-practices.pg.test.ts`],
  },
]
