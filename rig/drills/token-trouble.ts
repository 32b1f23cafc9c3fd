import type { FaultRule, RequestEntry } from '@aegis/simulator'
import { drawFrom, type Draw } from '../draw.ts'
import { guardedCredential } from '../guarded-way.ts'
import { judgeLimits } from '../judge-limits.ts'
import { withRunContext } from '../run-context.ts'
import type { Verdict } from '../verdict.ts'
import { apiCalls, attemptsOf, repeats, tokenRequests } from './drill-log.ts'
import { anyMinute, type DrillCall, type DrillMoment, type DrillOutcome, DrillWorld, wideRules } from './drill-world.ts'

const minute = 60_000
/** A token is renewed when so much of its life has passed, and not sooner. */
const renewedFromShare = 0.8
/** The last part of its life in which it is not used. */
const unusedMs = 11_000
/** A refused token is replaced at most once in this time, whatever happens to the next one. */
const forcedEveryMs = 61_000
/** The longest until the token endpoint is tried again, however long it failed. */
const retriedAfterMs = 301_000
/** A call that is held on the way, and meets the end of its token there. */
const heldMs = 12_000

/** What happens to tokens in one drill. */
interface Trouble {
  readonly name: string
  readonly moments: readonly DrillMoment[]
  /** Ms from the start: tokens that were good are good no more, so that one new request is due for each. */
  readonly revokedAtMs: readonly number[]
  /** Ms from the start: the token endpoint does not answer as it should. */
  readonly down: { readonly fromMs: number; readonly toMs: number } | undefined
}

/**
 * F15: tokens are revoked while calls are on the way, end between check and use, the secret is rotated, the token endpoint
 * throttles or is down. Judged by what arrives: one token request for all processes, never more than athenahealth allows
 * a minute, no call sent more than twice, and no call refused while a good token is at hand.
 */
export function tokensDrill(seed: number): Promise<Verdict> {
  return withRunContext(async (context) => {
    const draw = drawFrom(seed)
    const startAt = anyMinute(draw)
    const lifeMs = 1_000 * draw.pick([120, 300, 600])
    const held = new Set<string>()
    const world: DrillWorld = await DrillWorld.open(context, {
      seed,
      startAt,
      processes: draw.between(2, 4),
      rules: wideRules,
      simulator: { tokenLifetimeS: lifeMs / 1_000 },
      onTheWay: async (init) => {
        const id = new Headers(init?.headers).get('x-request-id') ?? ''
        // Once: what it is repeated with goes through at once.
        if (held.delete(id)) await world.time.clock.sleep(heldMs)
      },
    })
    const trouble = drawTrouble(draw, world)
    const calls = drawCalls(draw, world.ways.length)
    if (trouble.name === 'ends on the way') for (let call = 1; call < calls.length; call += 3) held.add(`drill-${call}`)
    await world.live(calls, trouble.moments)
    world.simulator.faults.clear()
    const lived = world.now()
    const probes = await recovered(world, trouble)
    const judged = { world, trouble, lifeMs, probes, lived, ...arrived(world) }
    const limits = judgeLimits(world.simulator, wideRules)
    return {
      wrong: [...limits.wrong, ...judgeRequests(judged), ...judgeCalls(judged), ...judgeProbes(judged)],
      checked: limits.checked,
      counts: {
        calls: world.outcomes.length,
        'token requests': judged.tokens.length,
        repeated: repeats(judged.calls).length,
        'served through an outage': servedThrough(judged).length,
        [`lives: ${trouble.name}`]: 1,
      },
    }
  })
}

/** When whoever waits may have to wait no longer, every process calls. */
async function recovered(world: DrillWorld, trouble: Trouble): Promise<readonly DrillOutcome[]> {
  if (trouble.down) await world.time.pass(world.time.clock.sleep(retriedAfterMs))
  else await world.time.pass(world.time.clock.sleep(forcedEveryMs))
  return world.probe(minute)
}

function arrived({ simulator }: DrillWorld): { tokens: RequestEntry[]; calls: RequestEntry[] } {
  return { tokens: tokenRequests(simulator), calls: apiCalls(simulator) }
}

const tokenPath = '/oauth2/v1/token'
const answers: readonly [readonly [string, FaultRule], ...(readonly [string, FaultRule])[]] = [
  ['429', { kind: 'throttled' }],
  ['429 for 20 s', { kind: 'throttled', retryAfter: 20 }],
  ['429 for a day', { kind: 'throttled', retryAfter: 86_400 }],
  ['over rate', { kind: 'forbidden', style: 'over-rate' }],
  ['500', { kind: 'server-error' }],
  ['503', { kind: 'server-error', status: 503 }],
  ['reset', { kind: 'reset-before' }],
  ['page', { kind: 'html' }],
  ['inactive', { kind: 'unauthorized', style: 'inactive' }],
]

function drawTrouble(draw: Draw, world: DrillWorld): Trouble {
  const none = { moments: [], revokedAtMs: [], down: undefined }
  const kind = draw.pick(['revoked', 'ends on the way', 'rotated', 'endpoint', 'endpoint', 'restarts'])
  if (kind === 'revoked') {
    const revokedAtMs = [draw.between(0, 4 * minute), draw.between(6 * minute, 12 * minute)]
    const revoke = () => world.simulator.truth.revokeTokens()
    return { ...none, name: kind, revokedAtMs, moments: revokedAtMs.map((atMs) => ({ atMs, happens: revoke })) }
  }
  if (kind === 'rotated') {
    const atMs = draw.between(minute, 10 * minute)
    return { ...none, name: kind, revokedAtMs: [atMs], moments: [{ atMs, happens: () => rotate(world) }] }
  }
  if (kind === 'restarts') {
    const moments = Array.from({ length: 12 }, () => ({
      atMs: draw.between(0, 14 * minute),
      happens: () => world.kill(draw.between(0, world.ways.length - 1)),
    }))
    return { ...none, name: 'killed and started again', moments }
  }
  if (kind === 'endpoint') {
    const [name, rule] = draw.pick(answers)
    const fromMs = draw.between(0, 6 * minute)
    const down = { fromMs, toMs: fromMs + draw.between(minute, 8 * minute) }
    const begins = () => world.simulator.faults.add([{ ...rule, when: { path: tokenPath } }])
    const moments = [
      { atMs: fromMs, happens: begins },
      { atMs: down.toMs, happens: () => world.simulator.faults.clear() },
    ]
    return { ...none, name: `endpoint: ${name}`, moments, down }
  }
  return { ...none, name: kind }
}

/** A new secret is made known on both sides; then the old one is good no more, nor any token got with it. */
async function rotate(world: DrillWorld): Promise<void> {
  const { simulator, ways } = world
  simulator.apps.change(guardedCredential.clientId, { addSecret: 'second-secret' })
  const actor = { kind: 'operator', id: 'drill' } as const
  const desk = ways[0]?.process.keyServer.desk(guardedCredential)
  await desk?.rotate({ from: { content: Buffer.from('second-secret') }, actor })
  simulator.apps.change(guardedCredential.clientId, { retireSecret: 'demo-secret' })
  simulator.truth.revokeTokens()
}

/** All processes at once, every minute or so, for a quarter of an hour. */
function drawCalls(draw: Draw, processes: number): DrillCall[] {
  return Array.from({ length: 16 }, (_, round) => round * 55_000 + draw.between(0, 20_000)).flatMap((atMs) =>
    Array.from({ length: processes * draw.between(1, 2) }, (_, index) => ({
      atMs: atMs + (draw.chance(0.3) ? draw.between(0, 2_000) : 0),
      process: index % processes,
      kind: draw.chance(0.8) ? ('read' as const) : ('write' as const),
      priority: draw.pick(['interactive', 'feeds']),
    })),
  )
}

interface Judged {
  readonly world: DrillWorld
  readonly trouble: Trouble
  readonly lifeMs: number
  readonly probes: readonly DrillOutcome[]
  readonly lived: number
  readonly tokens: readonly RequestEntry[]
  readonly calls: readonly RequestEntry[]
}

/** One request for all: the next token is asked for when the one before has nearly ended, or was revoked. */
function judgeRequests({ world, trouble, lifeMs, tokens }: Judged): string[] {
  const issued = tokens.filter(({ status }) => status === 200)
  const wrong: string[] = []
  const revoked = trouble.revokedAtMs.map((atMs) => world.startedAt + atMs)
  for (const [index, { at }] of issued.slice(1).entries()) {
    const before = issued[index]?.at ?? at
    const isDue = at - before >= renewedFromShare * lifeMs - 1_000
    // Revoked since the request before: that one may have been on the way.
    const isReplaced = revoked.some((one) => one >= before - 1_000 && one <= at)
    if (!isDue && !isReplaced)
      wrong.push(`F15 a token was asked for ${Math.round(at - before)} ms after the one before`)
  }
  return wrong
}

function judgeCalls(judged: Judged): string[] {
  const { world, trouble, calls } = judged
  const wrong: string[] = []
  for (const { id, kind } of world.outcomes) {
    const attempts = attemptsOf(calls, id).length
    if (attempts > 2) wrong.push(`F15 a ${kind} was sent ${attempts} times`)
  }
  const known = [
    'process-died',
    ...(trouble.down ? ['key-server.token-unavailable', 'key-server.credential-refused'] : []),
  ]
  for (const { kind, code, madeAt } of world.outcomes) {
    if (code === 'ok' || known.includes(code)) continue
    wrong.push(`F15 a ${kind} at ${new Date(madeAt).toISOString()} ended with ${code} (${trouble.name})`)
  }
  for (const { kind, code } of servedThrough(judged)) {
    if (code !== 'ok') wrong.push(`F15 a ${kind} ended with ${code} while a good token was at hand (${trouble.name})`)
  }
  return wrong
}

/** Calls made while the token endpoint was down and a token that it gave before was good. */
function servedThrough({ world, trouble, lifeMs, tokens }: Judged): DrillOutcome[] {
  const { down } = trouble
  if (!down) return []
  const [from, to] = [world.startedAt + down.fromMs, world.startedAt + down.toMs]
  const last = tokens.findLast(({ status, at }) => status === 200 && at < from)
  if (!last) return []
  const goodUntil = last.at + lifeMs - Math.max(unusedMs, 0)
  return world.outcomes.filter(({ madeAt, endedAt, code }) => {
    return madeAt > from && madeAt < Math.min(to, goodUntil) && (code !== 'process-died' || endedAt < madeAt)
  })
}

function judgeProbes({ probes, trouble }: Judged): string[] {
  return probes
    .filter(({ code, madeAt, endedAt }) => code !== 'ok' || endedAt - madeAt > 5_000)
    .map(({ code }) => `F15 when all was well again a call ended late or with ${code} (${trouble.name})`)
}
