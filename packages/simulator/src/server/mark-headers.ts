import { markFields } from '../contract/field-marks.ts'
import type { EndpointContract } from '../contract/endpoint-contract.ts'
import type { Reply, Route } from '../route.ts'

/** The headers that mark an answer: what it stands on, and which names of its body no recording shows. */
export function markHeaders(route: Route, reply: Reply, contract: EndpointContract | undefined): readonly string[] {
  const { basis = 'stateful' } = route
  const headers = ['X-Sim-Basis', basis]
  // Refusals have the shape of all refusals; files have no names.
  if (reply.status >= 400 || reply.content !== undefined) return headers
  const { inferred } = markFields(reply.body, contract)
  return inferred.length === 0 ? headers : [...headers, 'X-Sim-Inferred', inferred.join(' ')]
}
