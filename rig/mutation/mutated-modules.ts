/** What is mutated together, and where the tests stand that must notice: those near it, not all that come by it. */
export interface MutatedModule {
  /** Folders and files; tests among them are left alone. */
  readonly code: readonly string[]
  readonly tests: readonly string[]
}

const client = 'packages/client/src'
const server = 'packages/server/src'

/** The parts in which a mistake loses records, or overruns athenahealth's limits. */
export const mutatedModules: Readonly<Record<string, MutatedModule>> = {
  /** From athenahealth's answers to values. */
  wire: {
    code: [
      `${client}/wire`,
      `${client}/request`,
      `${client}/records`,
      `${client}/call/answer-meta.ts`,
      `${client}/call/judge-content.ts`,
      `${client}/call/judge-response.ts`,
      `${client}/call/params.ts`,
      `${client}/call/read-body.ts`,
    ],
    tests: [
      `${client}/wire`,
      `${client}/records`,
      `${client}/call`,
      `${client}/feeds`,
      `${client}/host-time-zone.test.ts`,
      ...['any-answer', 'list-endpoint', 'plan-request', 'read-answer', 'request', 'typed-request'].map(
        (name) => `${client}/request/${name}.test.ts`,
      ),
    ],
  },
  tokens: {
    code: [`${server}/key-server`, `${client}/token`],
    tests: [`${server}/key-server`, `${client}/token`, `${server}/upstream`, `${client}/athena-client.test.ts`],
  },
  quota: { code: [`${server}/quota`], tests: [`${server}/quota`, `${server}/upstream`] },
  sync: { code: [`${server}/sync`], tests: [`${server}/sync`, `${server}/records`] },
}
