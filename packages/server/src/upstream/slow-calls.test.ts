/** Calls whose first byte waits for the whole query, and whose body comes after. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AthenaPractice } from '@aegis/client'
import { said, waysOut } from '../../testing/way-out.ts'

const { setUp } = await waysOut()

const quickMs = 40
const at = { offset: 0, limit: 10 }
const window = { from: Date.UTC(2026, 2, 2), to: Date.UTC(2026, 2, 3) }
const calls: readonly [what: string, make: (practice: AthenaPractice) => Promise<unknown>, isSlow: boolean][] = [
  ['a large list', ({ patients }) => patients.list({ departmentid: '1' }).fetchPage(at, said()), true],
  ['a consuming read', (practice) => practice.feed('patients').drainPage({ limit: 10 }, said()), true],
  ['a replay', (practice) => practice.feed('patients').replayPage({ ...window, ...at }, said()), true],
  ['a record', ({ patients }) => patients.get('7', {}, said()), false],
]
for (const [what, make, isSlow] of calls) {
  for (const late of ['headers', 'content'] as const) {
    test(`${what} with late ${late} is ${isSlow ? 'waited for' : 'given up'}`, async (t) => {
      const slow = { slowHeadersMs: 60_000, slowTotalMs: 60_000 }
      const { server, practice } = await setUp(t, { timeouts: { headersMs: quickMs, totalMs: quickMs, ...slow } })
      server.answer = async (_, response) => {
        const wait = () => new Promise((resolve) => setTimeout(resolve, 2 * quickMs)) // sockets know real time only
        if (late === 'headers') await wait()
        response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
        if (late === 'content') await wait()
        response.end('{"patients":[],"totalcount":0}')
      }
      if (isSlow) await make(practice)
      else await assert.rejects(make(practice), { code: 'network' })
    })
  }
}
