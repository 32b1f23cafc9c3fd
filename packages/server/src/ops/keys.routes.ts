import type { FastifyInstance } from 'fastify'
import type { Clock } from '../clock/clock.ts'
import { keptReading } from './kept-reading.ts'
import { parsed } from './parsed.ts'
import type { Operations } from './operations.ts'
import { giveKeyRequest, holdersRequest, revokeKeyRequest } from './keys-api.ts'

/** How long athenahealth, or a cache on the way, may keep the set of public keys. A new key waits longer: see `keyDesk`. */
const keySetMaxAgeS = 300

/** Whoever asks proves nothing: so long he gets what was read before, and the database is not asked. */
const keySetKeptMs = 5_000

/** The routes about credentials. The public keys are for everybody, the others need the instance's token. */
export function keysRoutes({ keys }: Pick<Operations, 'keys'>, clock: Clock): (app: FastifyInstance) => void {
  return (app) => {
    const keySet = keptReading(clock, {
      forMs: keySetKeptMs,
      read: async () => keys()['GET /aegis/v1/jwks.json'](undefined),
    })
    app.get('/aegis/v1/keys', () => keys()['GET /aegis/v1/keys'](undefined))
    app.post('/aegis/v1/keys', async (request, reply) => {
      const given = await keys()['POST /aegis/v1/keys'](parsed(giveKeyRequest, request.body))
      keySet.forget()
      return reply.code(given.result === 'added' ? 201 : 200).send(given)
    })
    app.post('/aegis/v1/keys/revoke', async (request) => {
      const revoked = await keys()['POST /aegis/v1/keys/revoke'](parsed(revokeKeyRequest, request.body))
      keySet.forget()
      return revoked
    })
    app.post('/aegis/v1/keys/holders', (request) =>
      keys()['POST /aegis/v1/keys/holders'](parsed(holdersRequest, request.body)),
    )
    app.get('/aegis/v1/jwks.json', { config: { open: true, anyHost: true } }, async (_request, reply) => {
      const set = await keySet.get()
      reply.header('cache-control', `public, max-age=${keySetMaxAgeS}`)
      reply.header('cross-origin-resource-policy', 'cross-origin')
      return reply.type('application/jwk-set+json').send(JSON.stringify(set))
    })
  }
}
