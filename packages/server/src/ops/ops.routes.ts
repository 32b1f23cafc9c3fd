import type { FastifyInstance } from 'fastify'
import type { Clock } from '../clock/clock.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Operations, SqlResult } from './operations.ts'
import { keysRoutes } from './keys.routes.ts'
import { parsed } from './parsed.ts'
import { metricsType } from './render-metrics.ts'
import { sealedCell, sqlRequest, statusRequest, syncRequest } from './ops-api.ts'

/** The routes of the operator's commands. All but health need the instance's token. */
export function opsRoutes(operations: Operations, clock: Clock): (app: FastifyInstance) => void {
  return (app) => {
    app.get('/aegis/v1/health', { config: { open: true } }, () => ({ status: 'up' }))
    app.get('/aegis/v1/status', async (request) => {
      const { practice } = parsed(statusRequest, request.query)
      if (practice === undefined) return operations.status()
      await checkTarget(operations, practice)
      return operations.status({ practice })
    })
    app.get('/aegis/v1/quota', async (request) => {
      const { practice } = parsed(statusRequest, request.query)
      if (practice === undefined) return operations.quota()
      await checkTarget(operations, practice)
      return operations.quota({ practice })
    })
    app.get('/aegis/v1/metrics', async (_request, reply) => reply.type(metricsType).send(await operations.metrics()))
    app.post('/aegis/v1/sync', async (request, reply) => {
      const wish = parsed(syncRequest, request.body)
      const { practice, feed } = wish
      await checkTarget(operations, practice, feed)
      if (wish.action === 'now') await operations.syncNow(practice, feed)
      else await operations.resnapshot({ practice, feed, since: wish.since })
      return reply.code(202).send({ accepted: true })
    })
    app.post('/aegis/v1/sql', async (request) => {
      // It sees to it itself whether the practice is mirrored: who asked for one that is not is recorded.
      const { practice, text, unseal } = parsed(sqlRequest, request.body)
      return withoutSealed(await operations.sql({ practice, text, ...(unseal && { unseal }) }))
    })
    keysRoutes(operations, clock)(app)
  }
}

async function checkTarget(operations: Operations, practice: number, feed?: string): Promise<void> {
  const { practices } = await operations.status({ practice })
  const found = practices.find((status) => status.practice === practice)
  if (!found) throw new AegisError('ops.unknown-practice', { practice })
  if (feed !== undefined && !found.feeds.some((status) => status.feed === feed)) {
    throw new AegisError('ops.unknown-feed', { practice, feeds: found.feeds.map((status) => status.feed).join(', ') })
  }
}

/** As the views show a value that was not opened: its place and its ciphertext. */
const SEALED_TEXT = /^sealed:[a-z_]+:/

/** Nobody needs the ciphertext: it stays here, and a mark goes out in its place. */
function withoutSealed(result: SqlResult): SqlResult {
  const cell = (value: unknown): unknown =>
    (typeof value === 'string' && SEALED_TEXT.test(value)) || value instanceof Uint8Array ? sealedCell : value
  return { ...result, rows: result.rows.map((row) => row.map(cell)) }
}
