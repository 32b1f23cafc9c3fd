import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAthenaClient } from '@aegis/client'
import { demoApp, startSimulator } from '@aegis/simulator'
import type { ExampleCase } from './example-cases.ts'
import { type Gateway, startGateway } from './gateway.ts'

const PRACTICE = 195_900
/** An example that takes longer hangs. */
const timeoutMs = 60_000

/** A simulated athenahealth in which every example finds what it needs. */
export interface ExampleWorld {
  readonly gateway: Gateway
  readonly keyFile: string
  readonly narrowSecretFile: string
  readonly pdfFile: string
  readonly photoFile: string
  /** A booking waits in the feed of appointments, and the answer that brings it will be lost. */
  bookAndLoseAnswer(): Promise<void>
  /** Runs an example as a program of its own, and resolves with what it printed; rejects when it fails. */
  run(example: ExampleCase, program: Program): Promise<string>
  stop(): Promise<void>
}

/** How examples are started: with which Node, in which folder, from which files. */
export interface Program {
  readonly node: string
  readonly folder: string
  readonly file: (name: string) => string
  readonly flags?: readonly string[]
}

/** Starts a simulator, a gateway in front of it, and writes the files that hold secrets. */
export async function startExampleWorld(): Promise<ExampleWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'examples-'))
  const key = await makeKey()
  const narrow = { clientId: 'narrow', secret: 'narrow-secret' }
  const simulator = await startSimulator({
    practices: [PRACTICE, PRACTICE + 1],
    limits: { perSecond: 1_000, perDay: 50_000, tokensPerMinute: 1_000 },
    activationLagMs: 0,
    apps: [demoApp, { ...narrow, limits: 'preview' }, { clientId: 'key-client', jwks: { keys: [key.public] } }],
  })
  const gateway = await startGateway(simulator.url, simulator.fetch)
  const [keyFile, narrowSecretFile] = [join(folder, 'key.json'), join(folder, 'secret')]
  const [pdfFile, photoFile] = [join(folder, 'consent.pdf'), join(folder, 'photo.jpg')]
  // Beginnings that say what they are, and bytes of no meaning.
  await writeFile(pdfFile, Buffer.alloc(20_000, '%PDF-1.7 invented '))
  await writeFile(photoFile, Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(2_996, 7)]))
  await writeFile(keyFile, JSON.stringify(key.private), { mode: 0o600 })
  await writeFile(narrowSecretFile, `${narrow.secret}\n`, { mode: 0o600 })
  const { appointments, feeds } = createAthenaClient({
    environment: 'local',
    baseUrl: simulator.url,
    credential: demoApp,
  }).practice(PRACTICE)
  const world: ExampleWorld = {
    gateway,
    keyFile,
    narrowSecretFile,
    pdfFile,
    photoFile,
    async bookAndLoseAnswer() {
      await feeds.appointments.subscribe()
      const { items } = await appointments.open({ departmentid: 1, reasonid: -1 }).fetchPage()
      const { appointmentid = '', appointmenttypeid } = items[0] ?? {}
      await appointments.book(appointmentid, { patientid: 7, appointmenttypeid })
      gateway.loseNextAnswer('/appointments/changed')
    },
    async run(example, program) {
      await example.prepare?.(world)
      const env = { ATHENA_BASE_URL: simulator.url, ...example.env?.(world) }
      return runProgram({ example, args: example.args?.(world) ?? [] }, program, env)
    },
    async stop() {
      await gateway.close()
      await simulator.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return world
}

/** A key pair of an app, as JWKs. */
async function makeKey() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384' }
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const publicJwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const { kty = '', crv = '', x = '', y = '' } = publicJwk
  const kid = 'example-key'
  return {
    public: { kty, crv, x, y, kid },
    private: { ...(await crypto.subtle.exportKey('jwk', pair.privateKey)), kid },
  }
}

interface Run {
  readonly example: ExampleCase
  readonly args: readonly string[]
}

function runProgram({ example, args: given }: Run, program: Program, env: Record<string, string>): Promise<string> {
  const { node, folder, file, flags = [] } = program
  const args = [...flags, file(example.name), ...given]
  // Settings of the machine's own would lead the examples elsewhere.
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('ATHENA_'))
  const options = { cwd: folder, env: { ...Object.fromEntries(others), ...env }, timeout: timeoutMs }
  return new Promise((resolve, reject) => {
    execFile(node, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${example.name} failed:\n${stdout}${stderr}`, { cause: error }))
      else resolve(stdout)
    })
  })
}
