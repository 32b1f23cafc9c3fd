import type { CallOptions } from '@aegis/client'
import type { CallContext } from '../upstream/call-context.ts'

/** What sync says about a call: how urgent, what for, and whether it is part of a large pull. */
export function callOptions(context: Pick<CallContext, 'priority' | 'purpose'> & Partial<CallContext>): CallOptions {
  return { context }
}
