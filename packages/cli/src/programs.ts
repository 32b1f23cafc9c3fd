import type { openKeys, startAegis } from '@aegis/server'
import type { startSimulator } from '@aegis/simulator'

/** What commands start; tests hand in programs of their own. */
export interface Programs {
  readonly startAegis: typeof startAegis
  readonly openKeys: typeof openKeys
  readonly startSimulator: typeof startSimulator
}
