import type { Actor } from '../audit/actor.ts'
import type { Holder } from '../key-server/holders.ts'
import type { GivenCredential, KeyDesk } from '../key-server/key-desk.ts'
import type { CredentialInfo } from '../key-server/list-credentials.ts'
import type { CredentialReport, GiveKeyRequest, HolderReport, KeysApi } from './keys-api.ts'

/** What each route about credentials does. */
export type KeyOperations = {
  readonly [R in keyof KeysApi]: (request: KeysApi[R]['request']) => Promise<KeysApi[R]['response']>
}

/** Answers the routes from a desk. */
export function keyOperations(desk: KeyDesk): KeyOperations {
  const { environment, clientId } = desk.app
  const app = { environment, clientId }
  const holders = async () => (await desk.holders()).map(holderReport)
  return {
    'GET /aegis/v1/keys': async () => {
      return { ...app, credentials: (await desk.list()).map(credentialReport), holders: await holders() }
    },
    'POST /aegis/v1/keys': async (request) => {
      const given = givenOf(request)
      const { keepMs, first } = request
      const { result, credential, publicJwk } = await (request.action === 'add'
        ? desk.add({ ...given, ...(first !== undefined && { first }) })
        : desk.rotate({ ...given, ...(keepMs !== undefined && { keepMs }) }))
      return { ...app, result, credential: credentialReport(credential), ...(publicJwk && { publicJwk }) }
    },
    'POST /aegis/v1/keys/revoke': async ({ number, actor }) => {
      const revoked = await desk.revoke({ ...(number !== undefined && { number }), actor: operator(actor) })
      return { ...app, revoked }
    },
    'POST /aegis/v1/keys/holders': async ({ action, holder, actor }) => {
      const changed = await desk.changeHolders({ action, holder, actor: operator(actor) })
      return { ...app, changed, holders: await holders() }
    },
    'GET /aegis/v1/jwks.json': () => desk.publicKeys(),
  }
}

function givenOf(request: GiveKeyRequest): GivenCredential {
  const { content, generate, kid, alg, audience, usedAfterMs, expiresAt, actor } = request
  const names = { ...(kid !== undefined && { kid }), ...(alg !== undefined && { alg }) }
  return {
    from: generate === undefined ? { content: Buffer.from(content ?? '', 'utf8'), names } : { generate },
    actor: operator(actor),
    ...(audience !== undefined && { audience }),
    ...(usedAfterMs !== undefined && { usedAfterMs }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

/** A user of this machine, by a name that the audit log takes. */
function operator(name: string): Actor {
  const id = name
    .replaceAll(/[^A-Za-z0-9._:-]/g, '-')
    .replace(/^[^A-Za-z0-9]/, 'x')
    .slice(0, 128)
  return { kind: 'operator', id }
}

/** A credential as it is shown. */
export function credentialReport(info: CredentialInfo): CredentialReport {
  const { number, kind, origin, state, next, kid = null, alg = null, audience = null, endsAfter = null } = info
  return {
    number,
    kind,
    origin,
    state,
    next,
    kid,
    alg,
    audience,
    addedAt: iso(info.addedAt),
    usedFrom: isoOrNull(info.usedFrom),
    expiresAt: isoOrNull(info.expiresAt),
    revokedAt: isoOrNull(info.revokedAt),
    refusedAt: isoOrNull(info.refusedAt),
    endsAfter,
    usedAt: isoOrNull(info.usedAt),
  }
}

function holderReport({ holder, addedAt, addedBy }: Holder): HolderReport {
  return { holder, addedAt: iso(addedAt), addedBy }
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
