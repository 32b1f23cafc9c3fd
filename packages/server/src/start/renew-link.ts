import { isDeepStrictEqual } from 'node:util'
import { AegisError } from '../errors/aegis-error.ts'
import type { KeyServerAt, KeyServerLink } from '../key-server/key-server-link.ts'
import type { FollowFilesDeps } from './follow-key-server-files.ts'

/** Lets the way to a key server go on with a new certificate; another place takes a new start. */
export function renewLink(link: Pick<KeyServerLink, 'renew'>, begun: KeyServerAt): FollowFilesDeps['use'] {
  let used = begun
  return async ({ at }) => {
    if (isDeepStrictEqual(at, used)) return false
    if (!at || !('tls' in at) || !('tls' in used) || at.url !== used.url) {
      throw new AegisError('key-server.settings-unusable', { reason: 'a new keyServer.url takes a new start' })
    }
    link.renew(at.tls)
    used = at
    return true
  }
}
