/*
 * When it goes wrong. Every failure is an AthenaError: `code` says what it is, `executed` whether it may have happened,
 * the message what to do. No message holds a patient's data, a URL or a text that athenahealth sent: log it as it is.
 *
 *   npm run example examples/handle-errors.ts
 */
import { setTimeout } from 'node:timers/promises'
import { AthenaError, createAthenaClient, isAthenaError } from '@aegis/client'
import { practiceId, settings } from './connect.ts'

const athena = createAthenaClient({ ...settings(), retry: false }) // to see every fault; leave `retry` out otherwise
const practice = athena.practice(practiceId())

async function fails(title: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call()
    console.log(`${title}: no error`)
  } catch (error) {
    if (!(error instanceof AthenaError)) throw error // a mistake of ours
    console.log(`${title}: ${error.code}, executed: ${error.executed}`)
    console.log(`  ${error.message}`)
  }
}

await fails('a wrong number', () => practice.patients.get('999999999'))
await fails('a practice that is not there', () => athena.practice(999_999_999).practiceInfo())
await fails('a name that is too long', () =>
  practice.patients.create({
    firstname: 'x'.repeat(100),
    lastname: 'Quillfeather',
    dob: '1984-02-29',
    departmentid: 1,
  }),
)
await fails('a caller who gave up', () => practice.practiceInfo({ signal: AbortSignal.abort() }))
await fails('the wrong environment', async () => {
  createAthenaClient({ environment: 'preview', baseUrl: 'https://api.platform.athenahealth.com' })
})

/** Too fast. The client repeats throttled calls by itself within its budget; this is the loop for what is beyond it. */
async function patiently<T>(call: () => Promise<T>, attempts = 10): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (attempts <= 1 || !isAthenaError(error, 'throttled')) throw error
    await setTimeout(error.retryAfterMs ?? 1_000 + Math.random() * 1_000) // random, so that callers do not come back at once
    return patiently(call, attempts - 1)
  }
}

await setTimeout(1_000)
const calls = Array.from({ length: 8 }, () => practice.practiceInfo())
const refused = (await Promise.allSettled(calls)).filter(
  (call) => call.status === 'rejected' && isAthenaError(call.reason, 'throttled'),
)
console.log(`8 calls at once: ${refused.length} throttled`)
const answers = await Promise.all(Array.from({ length: 8 }, () => patiently(() => practice.practiceInfo())))
console.log(`8 patient calls: ${answers.length} answered`)
