/*
 * Through a gateway of yours: another address, a header of its own, calls that you refuse, and numbers for your metrics.
 *
 *   ATHENA_BASE_URL=https://gateway.internal/athena npm run example examples/through-gateway.ts
 */
import { type AthenaFetch, createAthenaClient } from '@aegis/client'
import { practiceId, settings } from './connect.ts'

class NotNow extends Error {}

/** Any `fetch` fits. A wrapper is also told what the call is: enough for permission and audit, and no patient in it. */
const viaGateway: AthenaFetch = (url, init, call) => {
  // An error of your own reaches the caller as it is, and is not repeated.
  if (call.intensive) throw new NotNow(`${call.method} ${call.route} is for the night`)
  return fetch(url, { ...init, headers: { ...init.headers, 'x-team': 'scheduling' } })
}

const { baseUrl = 'https://gateway.internal/athena', ...rest } = settings()
const timesMs: number[] = []
const athena = createAthenaClient({
  ...rest,
  baseUrl,
  // For preview and production, hosts of yours must be named; otherwise a slip could send a credential anywhere.
  allowedHosts: [new URL(baseUrl).host],
  fetch: viaGateway,
  retry: false, // this gateway repeats by itself: one of the two should
  hooks: { onResponse: ({ durationMs }) => timesMs.push(durationMs) },
})
const practice = athena.practice(practiceId())

let departments = 0
for await (const _ of practice.departments.list()) departments += 1
console.log(`${departments} departments through ${new URL(baseUrl).pathname}`)

try {
  await practice.appointments.booked({ startdate: '2026-03-02', enddate: '2026-03-03' }).fetchPage()
} catch (error) {
  if (!(error instanceof NotNow)) throw error
  console.log(`refused by us: ${error.message}`)
}
console.log(`${timesMs.length} requests, the slowest took ${Math.max(...timesMs).toFixed(0)} ms`)
