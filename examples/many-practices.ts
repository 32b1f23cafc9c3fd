/*
 * Many practices under one app: one client, one token, one retry budget. A few practices at a time, and one that fails
 * does not stop the others.
 *
 *   npx aegis simulate --port 9100 --practice 195900 --practice 195901 --practice 195902
 *   npm run example examples/many-practices.ts
 */
import { type AthenaPractice, createAthenaClient, isAthenaError } from '@aegis/client'
import { settings } from './connect.ts'

const athena = createAthenaClient(settings())

/** How many practices are read at once. All share the app's limit: 5 calls a second in preview, 100 in production. */
const AT_ONCE = 2

async function describe(practice: AthenaPractice): Promise<string> {
  let departments = 0
  let providers = 0
  for await (const _ of practice.departments.list()) departments += 1
  for await (const _ of practice.providers.list()) providers += 1
  return `${departments} departments, ${providers} providers`
}

const ids: number[] = []
for await (const { practiceid } of athena.practices()) ids.push(Number(practiceid))
console.log(`the app reaches ${ids.length} practices`)

/** Takes practices from the list until it is empty. */
async function work(waiting: number[]): Promise<void> {
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    try {
      console.log(`${id}: ${await describe(athena.practice(id))}`)
    } catch (error) {
      if (!isAthenaError(error)) throw error
      console.log(`${id}: ${error.code}`) // `forbidden`, for instance, where the practice has not agreed
    }
  }
}

// The last id is none of ours, to show what happens then.
const waiting = [...ids, 999_999_999]
await Promise.all(Array.from({ length: AT_ONCE }, () => work(waiting)))
