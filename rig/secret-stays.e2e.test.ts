/**
 * The secret and the private key of the app never come to a process that uses a key server: they are looked for in a heap
 * snapshot, the whole memory, the environment, the arguments and the files of a worker that has made calls with tokens got
 * by either.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunningProgram } from '../packages/cli/testing/run-aegis.ts'
import { separateHosts } from './separate-hosts.ts'

/** Something to look for, in the forms in which memory may have it. */
class Needle {
  readonly name: string
  readonly #forms: readonly Buffer[]

  constructor(name: string, value: string | Buffer) {
    this.name = name
    const bytes = Buffer.from(value)
    // As it is, as a string of two bytes a character, and as base64 of it alone.
    this.#forms = [
      bytes,
      Buffer.from(bytes.toString('latin1'), 'utf16le'),
      Buffer.from(bytes.toString('base64').slice(0, -4)),
    ]
  }

  isIn(place: Buffer): boolean {
    return this.#forms.some((form) => place.includes(form))
  }
}

interface Protocol {
  call(method: string): Promise<void>
  close(): void
}

/** V8's debugger, which any process opens on a signal of its own user, on the loopback interface. */
async function debuggerOf({ child, err }: RunningProgram, heard: (message: unknown) => void): Promise<Protocol> {
  child.kill('SIGUSR1')
  let url: string | undefined
  for (let looks = 0; looks < 240 && url === undefined; looks++) {
    await delay(125)
    url = /ws:\/\/127\.0\.0\.1:\d+\/\S+/.exec(err())?.[0]
  }
  assert.ok(url, err())
  const socket = new WebSocket(url)
  const waiting = new Map<number, () => void>()
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data))
    waiting.get(message.id)?.()
    heard(message)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  let id = 0
  return {
    call(method) {
      id += 1
      const answered = Promise.withResolvers<void>()
      waiting.set(id, answered.resolve)
      socket.send(JSON.stringify({ id, method }))
      return answered.promise
    },
    close: () => socket.close(),
  }
}

async function heapSnapshot(program: RunningProgram): Promise<Buffer> {
  const chunks: string[] = []
  const protocol = await debuggerOf(program, (message) => {
    const { method, params } = Object(message)
    if (method === 'HeapProfiler.addHeapSnapshotChunk') chunks.push(String(params.chunk))
  })
  await protocol.call('HeapProfiler.takeHeapSnapshot')
  protocol.close()
  return Buffer.from(chunks.join(''))
}

/** What of the needles is in the memory of a process, whoever put it there. */
function inMemory(pid: number, needles: readonly Needle[]): Set<string> {
  const found = new Set<string>()
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const chunk = Buffer.alloc(8 * 1024 * 1024)
  // Two parts overlap, so that nothing is missed at their border.
  const overlap = 4_096
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw.p/.exec(line) ?? []
    for (let at = Number.parseInt(from, 16); at < Number.parseInt(to, 16); at += chunk.length - overlap) {
      const length = readPart(memory, chunk, { at, most: Number.parseInt(to, 16) - at })
      const part = chunk.subarray(0, length)
      for (const needle of needles) if (needle.isIn(part)) found.add(needle.name)
    }
  }
  closeSync(memory)
  return found
}

function readPart(file: number, into: Buffer, { at, most }: { at: number; most: number }): number {
  try {
    return readSync(file, into, 0, Math.min(into.length, most), at)
  } catch {
    // Reserved, and not there.
    return 0
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).size < 64 * 1024 * 1024)
}

/** Waits for up to 40 s; `meanwhile` is done every five. */
async function until(has: () => boolean, meanwhile?: () => Promise<unknown>): Promise<void> {
  for (let looks = 0; looks < 160 && !has(); looks++) {
    await delay(250)
    if (looks % 20 === 0) await meanwhile?.()
  }
  assert.ok(has(), String(has))
}

test('neither secret nor private key of the app is in the memory or files of a worker that calls with their tokens', async (t) => {
  const secret = 'canary-that-no-worker-knows'
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS384', use: 'sig' }
  const { d = '', p = '' } = privateKey.export({ format: 'jwk' })
  const app = { clientId: 'clinic', secret, jwks: { keys: [jwk] } }
  const { simulator, keys, worker, run, start } = await separateHosts(t, app)
  const done = async (args: readonly string[], input?: string) => {
    const { code, err } = await run(keys, args, input)
    assert.equal(code, 0, err)
  }
  writeFileSync(join(keys, 'app.pem'), pem, { mode: 0o600 })
  await done(['keys', 'add'], secret)
  await start(keys).said(/No alarms|alarms|practice/i)
  const mirroring = start(worker, { NODE_OPTIONS: '--inspect-port=0' })
  await mirroring.said(/departments: /)
  const totals = () => simulator.truth.requests().totals
  const tokens = () => totals().byRoute['POST /oauth2/v1/token'] ?? 0
  assert.equal(tokens(), 1)

  // The next token is got with the key, and calls are made with it.
  await done(['keys', 'add', '--file', 'app.pem', '--kid', 'k1'])
  await done(['keys', 'revoke', '1'])
  await until(
    () => tokens() >= 2,
    () => run(worker, ['sync', 'now']),
  )
  const before = totals().requests
  await until(() => totals().requests > before)

  const { pid } = mirroring.child
  assert.ok(pid)
  const secrets = [
    new Needle('secret', secret),
    new Needle('private key as PEM', pem.split('\n')[12] ?? assert.fail('a long key')),
    new Needle('private exponent', Buffer.from(d, 'base64url')),
    new Needle('private exponent of a JWK', d.slice(0, 60)),
    new Needle('a prime', Buffer.from(p, 'base64url')),
  ]
  // What is surely there is found, so that not to find something means something.
  const control = new Needle('name of the app', 'clinic')
  assert.deepEqual(inMemory(pid, [...secrets, control]), new Set([control.name]))
  const snapshot = await heapSnapshot(mirroring)
  assert.ok(control.isIn(snapshot))
  for (const needle of secrets) assert.ok(!needle.isIn(snapshot), `heap snapshot: ${needle.name}`)
  const places = [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`, ...filesUnder(worker)]
  for (const place of places) {
    const content = readFileSync(place)
    for (const needle of secrets) assert.ok(!needle.isIn(content), `${place}: ${needle.name}`)
  }
})
