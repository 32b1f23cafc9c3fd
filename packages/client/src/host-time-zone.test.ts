import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'node:test'

// The tests are also compiled, for older versions of Node: then the program is JavaScript as well.
const extension = import.meta.url.slice(-3)
const program = fileURLToPath(new URL(`../testing/print-dates${extension}`, import.meta.url))
const run = promisify(execFile)

async function datesUnder(TZ: string): Promise<string> {
  const { stdout } = await run(process.execPath, [program], { env: { TZ } })
  return stdout
}

test('dates and times are the same whatever the time zone of the host', async () => {
  const zones = ['UTC', 'America/New_York', 'Pacific/Kiritimati', 'Pacific/Pago_Pago']
  const [first = '', ...others] = await Promise.all(zones.map(datesUnder))
  const printed: unknown = JSON.parse(first)
  assert.ok(Array.isArray(printed))
  assert.deepEqual(printed[1].slice(0, 4), ['1990-05-01', 'dob=05%2F01%2F1990', '1990-05-02', Date.UTC(1990, 4, 1, 13)])
  for (const other of others) assert.equal(other, first)
})
