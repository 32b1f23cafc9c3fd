/*
 * Follow what changes, and lose nothing. A feed hands a change out once: it is marked as processed in the moment that
 * athenahealth answers. If that answer gets lost, the same stretch of time can be read again.
 *
 *   npx aegis simulate --port 9100 --day --speed 60 --activation-lag 1s
 *   npm run example examples/follow-changes.ts [rounds]     a round a minute; default: until Ctrl-C
 */
import { setTimeout } from 'node:timers/promises'
import { type Appointment, isAthenaError } from '@aegis/client'
import { connect } from './connect.ts'

const rounds = Number(process.argv[2] ?? Infinity)
const feed = connect().feeds.appointments

/** Yours: store the record under its id. It must not mind getting the same record twice. */
function apply({ appointmentid, appointmentstatus, date }: Appointment): void {
  console.log(`changed: appointment ${appointmentid}, status ${appointmentstatus}, on ${date}`)
}

/** Takes all that waits. A page shorter than its limit is the last. */
async function drain(limit = 500): Promise<void> {
  for (let taken = limit; taken >= limit; ) {
    const from = Date.now()
    try {
      const page = await feed.drainPage({ limit })
      page.items.forEach(apply)
      taken = page.items.length + page.faults.length
    } catch (error) {
      // 'no': nothing was taken, the next round gets it. Otherwise records were perhaps taken and never arrived.
      if (!isAthenaError(error) || error.executed === 'no') throw error
      console.log(`an answer was lost (${error.code}): reading that time again`)
      await replay(from - 120_000) // two minutes more, because clocks differ
      taken = limit
    }
  }
}

async function replay(from: number, limit = 500): Promise<void> {
  const to = Date.now() + 120_000
  for (let offset = 0, seen = limit; seen >= limit; offset += limit) {
    const page = await feed.replayPage({ from, to, limit, offset })
    page.items.forEach(apply)
    seen = page.items.length + page.faults.length
  }
}

// Subscribing takes athenahealth some minutes. Only what changes afterwards comes through the feed.
if ((await feed.status()).value.status === 'INACTIVE') await feed.subscribe()
for (let round = 1; round <= rounds; round += 1) {
  if (round > 1) await setTimeout(60_000) // athenahealth asks for no more than one read a minute
  const { value } = await feed.status()
  console.log(`round ${round}: subscription ${value.status}`)
  if (value.status !== 'INACTIVE') await drain()
}
