import { type AegisApi, AegisError, configuredHome, directFetch, homeAt, homeUse, type Instance } from '@aegis/server'
import { CliError } from './cli-error.ts'
import type { Terminal } from './terminal.ts'

/** Which instance is meant. */
export interface InstanceOptions {
  readonly home?: string
  readonly config?: string
}

/** The running instance of a home, as its API. */
export interface InstanceClient {
  readonly home: string
  /** Asks the instance. What it refuses is a CliError with its reason and remedy; no answer is an AegisError. */
  ask<R extends keyof AegisApi>(route: R, request: AegisApi[R]['request']): Promise<AegisApi[R]['response']>
}

/** A statement of SQL may run for 30 s, and wait for its connections for 45 s before; everything else is quick. */
const ANSWER_TIMEOUT_MS = 120_000

/** Finds the instance that holds its home, before every request anew; `ops.not-running` or `ops.not-listening` when there is none. */
export function connectToInstance(terminal: Terminal, options: InstanceOptions): InstanceClient {
  const { env, cwd } = terminal
  const argvOverrides = {
    ...(options.home !== undefined && { home: options.home }),
    ...(options.config !== undefined && { configFile: options.config }),
  }
  const home = configuredHome({ argvOverrides, env, cwd })
  const find = () => {
    const use = homeUse(homeAt(home))
    if (!use.held) throw new AegisError('ops.not-running', { home })
    const { instance, pid } = use
    if (!instance) throw new AegisError('ops.not-listening', { home, ...(pid !== undefined && { pid }) })
    return { instance, home }
  }
  find()
  return { home, ask: async (route, request) => ask(find(), route, request) }
}

async function ask<R extends keyof AegisApi>(
  at: { instance: Instance; home: string },
  route: R,
  request: AegisApi[R]['request'],
): Promise<AegisApi[R]['response']> {
  const [method = '', path = ''] = route.split(' ')
  const isRead = method === 'GET'
  const response = await send(at, isRead ? `${path}${queryOf(request)}` : path, {
    method,
    redirect: 'error',
    headers: { authorization: `Bearer ${at.instance.token}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    ...(request !== undefined && !isRead && { body: JSON.stringify(request) }),
  })
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw refusal(response.status, body)
  // The instance answers in the shapes of the API that both were built with.
  return body as AegisApi[R]['response']
}

function queryOf(request: object | undefined): string {
  const query = new URLSearchParams(Object.entries(request ?? {}).map(([name, value]) => [name, String(value)]))
  return query.size > 0 ? `?${query}` : ''
}

async function send(at: { instance: Instance; home: string }, path: string, init: RequestInit): Promise<Response> {
  const { home, instance } = at
  try {
    return await directFetch(`${instance.url}${path}`, init)
  } catch (error) {
    throw new AegisError('ops.instance-unreachable', { home, pid: instance.pid }, { cause: error })
  }
}

function refusal(status: number, body: unknown): CliError {
  const told: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {}
  const text = (name: string) => (typeof told[name] === 'string' ? told[name] : undefined)
  const detail = text('detail')
  const message = `${text('title') ?? `The instance answered ${status}`}${detail ? ` (${detail})` : ''}`
  const remedy = text('remedy') ?? `look at the log of the instance, request ${text('requestId') ?? 'unknown'}.`
  return new CliError(message, { remedy, exitCode: 1 })
}
