import type { RefusalCounter } from '../src/audit/refusal-counter.ts'
import type { HttpAppOptions } from '../src/http/http-app.ts'

/** Writes no refusal down: for tests that are about something else. */
export const noRefusals: Pick<RefusalCounter, 'note'> & Pick<HttpAppOptions, 'onRefused'> = {
  note: () => Promise.resolve(),
  onRefused: () => Promise.resolve(),
}
