import { Agent, fetch } from 'undici'

/** Connections of its own: those of the runtime go through a proxy where Node was told to use one (`NODE_USE_ENV_PROXY`). */
const direct = new Agent()

/**
 * `fetch`, to the host of the URL itself and through no proxy: for other processes of ours, on this machine as a rule. What
 * they are sent, tokens and secrets, leaves it for nobody.
 */
export const directFetch: typeof globalThis.fetch = async (url, init) => {
  // undici and the runtime know requests and responses as different types; they have the same fields.
  const request = { ...init, dispatcher: direct } as Parameters<typeof fetch>[1]
  return (await fetch(url as Parameters<typeof fetch>[0], request)) as unknown as Response
}
