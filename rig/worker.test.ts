import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import type { Job } from './job.ts'

const drill = (seed: number): Job => ({ kind: 'drill', what: `rushes:${seed}` })

test('a worker whose parent went in the middle of a life ends without a word', async () => {
  const worker = fork(join(import.meta.dirname, 'worker.ts'), {
    execArgv: ['--conditions=aegis-source'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const said = worker.stderr ? text(worker.stderr) : assert.fail('it has nowhere to say anything')
  // With its database open it takes a while to end, and the next life ends sooner.
  worker.send(drill(1))
  await once(worker, 'message')
  worker.send(drill(2))
  worker.disconnect()
  const [code] = await once(worker, 'exit')
  assert.deepEqual([code, await said], [0, ''])
})
