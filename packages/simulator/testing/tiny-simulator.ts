import type { TestContext } from 'node:test'
import type { SimulatorOptions } from '../src/server/options.ts'
import { startWith, type Simulator } from '../src/server/start-simulator.ts'
import { tinyParts, type TinyPractice } from './tiny-practice.ts'

export const noon = Date.UTC(2026, 0, 5, 17)

export interface Caller {
  /** A token for the demo app, or another. */
  readonly token: (credential?: string) => Promise<string>
  /** A call with a token, in process: its status, headers and parsed body. */
  readonly call: (path: string, init?: { method?: string; form?: string; token?: string }) => Promise<Called>
}

export interface TinySimulator extends Simulator, Caller {
  /** Practice 195900. */
  readonly practice: TinyPractice
}

export interface Called {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed JSON, or undefined. */
  readonly body: Json
}

/** Parsed JSON whose fields a test may name; what is not there is undefined when the test looks. */
export interface Json {
  readonly [name: string]: Json
}

export const demoCredential = 'demo-client:demo-secret'

/** A simulator of tiny practices whose time stands still at noon Eastern; stopped with the test. */
export async function tinySimulator(context: TestContext, options: SimulatorOptions = {}): Promise<TinySimulator> {
  const parts = tinyParts()
  const simulator = await startWith(parts, {
    startAt: noon,
    speed: 0,
    limits: 'off',
    practices: [{ id: 195900, patients: 3 }],
    ...options,
  })
  context.after(() => simulator.stop())
  return {
    ...simulator,
    ...callerOf(simulator),
    get practice() {
      return parts.practices.get(195900) ?? missing()
    },
  }
}

/** Calls a simulator as an app does. */
export function callerOf(simulator: Simulator): Caller {
  const tokens = new Map<string, Promise<string>>()
  const token = (credential = demoCredential) => {
    const known = tokens.get(credential) ?? askToken(simulator, credential)
    tokens.set(credential, known)
    return known
  }
  const call = async (path: string, init: { method?: string; form?: string; token?: string } = {}) => {
    const headers = new Headers({ Authorization: `Bearer ${init.token ?? (await token())}` })
    if (init.form !== undefined) headers.set('Content-Type', 'application/x-www-form-urlencoded')
    const method = init.method ?? 'GET'
    return read(await simulator.fetch(`${simulator.url}${path}`, { method, headers, body: init.form ?? null }))
  }
  return { token, call }
}

export async function read(response: Response): Promise<Called> {
  const text = await response.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  // Whatever was sent: a test that names a field asserts its value.
  return { status: response.status, headers: response.headers, text, body: body as Json }
}

async function askToken({ fetch, url }: Simulator, credential: string): Promise<string> {
  const { body } = await read(await fetch(`${url}/oauth2/v1/token`, tokenRequest(credential)))
  const token: unknown = body.access_token
  if (typeof token !== 'string') throw new Error('no token was issued')
  return token
}

/** The usual token request, with parts left out or changed. */
export function tokenRequest(credential: string, form: Record<string, string> = {}): RequestInit {
  const fields = { grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*', ...form }
  return {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(credential).toString('base64')}` },
    body: new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== '')),
  }
}

function missing(): never {
  throw new Error('practice 195900 is not simulated here')
}
