import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { isIP, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { AegisError } from '../errors/aegis-error.ts'
import { isAllowedAddress } from './allowed-address.ts'
import type { EgressRule } from './egress-rule.ts'

/** Opens connections to the rule's origin. */
export type OpenSocket = () => Promise<Socket>

/**
 * Connects to the rule's origin and nowhere else, within `connectMs` of real time: TLS 1.2 or newer with a verified
 * certificate for https, and only to addresses within reach (`egress.address-refused`), checked on the very answer
 * that is connected to. Other failures are the system's errors, from before anything was sent.
 */
export function socketOpener(rule: EgressRule, { connectMs }: { connectMs: number }): OpenSocket {
  const url = new URL(rule.origin)
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const connect = buildConnector({
    timeout: connectMs,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    allowH2: false,
    lookup: guardedLookup(rule),
  })
  return () =>
    new Promise((resolve, reject) => {
      if (isIP(hostname) && !isAllowedAddress(hostname, rule.reach)) {
        reject(refusal(rule))
        return
      }
      const { host, protocol, port } = url
      connect(
        { hostname, host, protocol, port, ...(isIP(hostname) ? {} : { servername: hostname }) },
        (error, socket) => {
          if (error) reject(error)
          else if (socket) resolve(socket)
        },
      )
    })
}

type LookupAnswer = (
  error: NodeJS.ErrnoException | AegisError | null,
  address: string | LookupAddress[],
  family?: number,
) => void

function guardedLookup(rule: EgressRule) {
  return (hostname: string, options: LookupOptions, answer: LookupAnswer): void => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        answer(error, [])
        return
      }
      const allowed = addresses.filter(({ address }) => isAllowedAddress(address, rule.reach))
      const [first] = allowed
      if (!first) answer(refusal(rule), [])
      else if (options.all) answer(null, allowed)
      else answer(null, first.address, first.family)
    })
  }
}

function refusal(rule: EgressRule): AegisError {
  return new AegisError('egress.address-refused', { allowed: rule.origin, reach: rule.reach })
}
