import type { TestContext } from 'node:test'
import { startSimulator } from '../src/index.ts'
import type { SimulatorOptions } from '../src/server/options.ts'
import { monday } from './practice-api.ts'
import { read, tokenRequest, demoCredential, type Json } from './tiny-simulator.ts'

export interface LiveSimulator {
  readonly simulator: Awaited<ReturnType<typeof startSimulator>>
  /** Calls a path below `/v1/195900` with a token of the demo app and answers the parsed body. */
  readonly call: (method: string, path: string, form?: string) => Promise<Json>
}

/**
 * A simulator of one whole practice, whose time stands still on Monday morning and whose subscriptions take effect at
 * once; stopped with the test.
 */
export async function liveSimulator(context: TestContext, options: SimulatorOptions = {}): Promise<LiveSimulator> {
  const simulator = await startSimulator({
    practices: [{ id: 195900, patients: 300 }],
    seed: 7,
    startAt: monday,
    speed: 0,
    limits: 'off',
    activationLagMs: 0,
    ...options,
  })
  context.after(() => simulator.stop())
  const { body } = await read(await simulator.fetch(`${simulator.url}/oauth2/v1/token`, tokenRequest(demoCredential)))
  const headers = { Authorization: `Bearer ${JSON.stringify(body.access_token).slice(1, -1)}` }
  return {
    simulator,
    call: async (method, path, form) => {
      const init = form === undefined ? { method, headers } : { method, headers, body: new URLSearchParams(form) }
      return (await read(await simulator.fetch(`${simulator.url}/v1/195900${path}`, init))).body
    },
  }
}
