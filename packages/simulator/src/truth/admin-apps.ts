/** `/__sim/apps` and `/__sim/quirks`: who may ask for tokens, and in which habits answers come. */
import { jsonAnswer, type Answer, type Arrival } from '../server/answer.ts'
import { checkQuirks, type Quirks } from '../server/quirks.ts'
import type { AppOptions } from '../tokens/app-options.ts'
import type { AppChange, AppReport, Apps } from '../tokens/apps.ts'
import type { TokenStore } from '../tokens/token-store.ts'
import { AdminError, bodyOf, refuseUnknown } from './admin-request.ts'

/** Registers apps and changes them while the simulator runs. Nothing of it outlives the simulator. */
export interface AppControl {
  /** Every app without its secrets. */
  list(): readonly AppReport[]
  /** Registers an app. Throws TypeError or RangeError for one that makes no sense or is there already. */
  add(app: AppOptions): AppReport
  /** Changes an app at once. Throws RangeError for one that is not there, TypeError for a change that makes no sense. */
  change(clientId: string, change: AppChange): AppReport
  /** Takes an app away, and its tokens with it. Throws RangeError for one that is not there. */
  remove(clientId: string): void
  /** What is switched on for all. */
  readonly quirks: Quirks
  /** Switches habits for all: those named, the others stay. Throws TypeError for what there is not. */
  setQuirks(quirks: Quirks): void
}

/** The control over a simulator's apps. */
export function createAppControl(apps: Apps, tokens: TokenStore): AppControl {
  const reportOf = (clientId: string) => {
    const report = apps.list().find((app) => app.clientId === clientId)
    if (report === undefined) throw new RangeError('there is no app of this client id')
    return report
  }
  return {
    list: () => apps.list(),
    add: (app) => reportOf(apps.add(app).clientId),
    change: (clientId, change) => reportOf(apps.change(clientId, change).clientId),
    remove: (clientId) => tokens.revoke(apps.remove(clientId).clientId),
    get quirks() {
      return apps.quirks
    },
    setQuirks: (quirks) => apps.setQuirks({ ...apps.quirks, ...checkQuirks(quirks) }),
  }
}

interface Deps {
  readonly apps: AppControl
}

/** Handlers by method and resource. */
export const appHandlers: Readonly<Record<string, (deps: Deps, arrival: Arrival) => Answer>> = {
  'GET apps': ({ apps }) => jsonAnswer(200, { apps: apps.list() }),
  'POST apps': postApp,
  'GET quirks': ({ apps }) => jsonAnswer(200, { quirks: apps.quirks }),
  'POST quirks': ({ apps }, arrival) => {
    apps.setQuirks(checkQuirks(bodyOf(arrival)))
    return jsonAnswer(200, { quirks: apps.quirks })
  },
}

const wanted = '{"add": {app}}, {"clientId": "…", "change": {…}} or {"clientId": "…", "remove": true}'

function postApp({ apps }: Deps, arrival: Arrival): Answer {
  const { add, clientId, change, remove, ...rest } = bodyOf(arrival)
  refuseUnknown(rest, wanted)
  // Apps check what they are given.
  if (add !== undefined) return jsonAnswer(200, { app: apps.add(add as AppOptions) })
  if (typeof clientId !== 'string') throw new AdminError(400, `give ${wanted}`)
  if (remove === true) {
    apps.remove(clientId)
    return jsonAnswer(200, {})
  }
  if (typeof change !== 'object' || change === null) throw new AdminError(400, `give ${wanted}`)
  return jsonAnswer(200, { app: apps.change(clientId, change) })
}
