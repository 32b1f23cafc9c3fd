/** `/__sim/faults`: what goes wrong on demand. */
import type { FaultControl } from '../faults/fault-book.ts'
import type { FaultRule } from '../faults/fault-rule.ts'
import { jsonAnswer, type Answer, type Arrival } from '../server/answer.ts'
import { bodyOf, refuseUnknown } from './admin-request.ts'

interface Deps {
  readonly faults: FaultControl
}

/** Handlers by method and resource. */
export const faultHandlers: Readonly<Record<string, (deps: Deps, arrival: Arrival) => Answer>> = {
  'GET faults': ({ faults }) => jsonAnswer(200, { faults: faults.list() }),
  'POST faults': ({ faults }, arrival) => {
    const { faults: rules, ...rest } = bodyOf(arrival)
    refuseUnknown(rest, '{"faults": [{"kind": "…", "when": {…}}]}')
    // They are checked where they are added.
    return jsonAnswer(200, { faults: faults.add(rules as readonly FaultRule[]) })
  },
  'DELETE faults': ({ faults }) => {
    faults.clear()
    return jsonAnswer(200, { faults: [] })
  },
}
