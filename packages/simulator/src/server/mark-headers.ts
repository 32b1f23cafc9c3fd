import { markFields } from '../contract/field-marks.ts'
import type { EndpointContract } from '../contract/endpoint-contract.ts'
import type { Reply, Route } from '../route.ts'

/** The headers that mark an answer: what it stands on, and which names of its body were not recorded on this endpoint. */
export function markHeaders(route: Route, reply: Reply, contract: EndpointContract | undefined): readonly string[] {
  const { basis = 'stateful' } = route
  const headers = ['X-Sim-Basis', basis]
  // Refusals have the shape of all refusals; files have no names.
  if (reply.status >= 400 || reply.content !== undefined) return headers
  const { inferred, unknown } = markFields(reply.body, contract)
  if (inferred.length > 0) headers.push('X-Sim-Inferred', inferred.join(' '))
  if (unknown.length > 0) headers.push('X-Sim-Unknown', unknown.join(' '))
  return headers
}
