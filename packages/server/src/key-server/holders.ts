import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Db, Tx } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { type AppRef, entityOf } from './app-ref.ts'
import * as table from './credential.sql.ts'

export interface HolderDeps {
  readonly db: Db
  readonly audit: Audit
}

/** A person who may change the credentials of an app. */
export interface Holder {
  readonly holder: string
  /** Epoch ms. */
  readonly addedAt: number
  readonly addedBy: string
}

/**
 * Does `work` under the lock of the app, in the name of a person who may: of one who is listed as a holder, or of anybody
 * as long as none is (`key-server.not-a-holder`). What a person is refused is in the audit log. Aegis itself (`system`) is none.
 */
export async function asHolder<T>(
  { db, audit }: HolderDeps,
  { app, actor }: { app: AppRef; actor: Actor },
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const isPerson = actor.kind !== 'system'
  try {
    return await db.control(async (tx) => {
      await table.ensureApp(tx, app)
      await table.lockedApp(tx, app)
      const holders = await table.holdersOf(tx, app)
      if (isPerson && holders.length > 0 && !holders.some(({ holder }) => holder === actor.id)) {
        throw new AegisError('key-server.not-a-holder', { environment: app.environment, who: actor.id })
      }
      return work(tx)
    })
  } catch (error) {
    if (isPerson && isAegisError(error) && error.code.startsWith('key-server.')) {
      const refused = { subtype: 'change-refused', action: 'U', outcome: 'failure' } as const
      await audit.record({ practice: 0, type: 'credential', actor, entity: entityOf(app), ...refused })
    }
    throw error
  }
}

/** Who may change the credentials of an app; nobody listed means: whoever can reach it. */
export async function listHolders({ db }: Pick<HolderDeps, 'db'>, app: AppRef): Promise<Holder[]> {
  const rows = await db.control((tx) => table.holdersOf(tx, app))
  return rows.map(({ holder, added_at, added_by }) => ({ holder, addedAt: added_at, addedBy: added_by }))
}

/** What is to become of a name on the list. */
export interface HolderChange {
  readonly action: 'add' | 'remove'
  readonly holder: string
  readonly actor: Actor
}

const holderPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/**
 * Puts a person on the list of holders, or takes one off. The first entry must be whoever makes it, or nobody could change
 * anything any more; the last one stays while there are credentials: `key-server.holder-refused`.
 */
export async function changeHolders(deps: HolderDeps, app: AppRef, change: HolderChange): Promise<boolean> {
  const { action, holder, actor } = change
  return asHolder(deps, { app, actor }, async (tx) => {
    if (!holderPattern.test(holder)) throw refused('is no name of letters, digits and ._:-')
    const holders = await table.holdersOf(tx, app)
    if (action === 'add' && holders.length === 0 && holder !== actor.id) {
      throw refused(`would lock out ${actor.id}, who makes the list: begin it with yourself`)
    }
    if (action === 'remove' && holders.length === 1 && holders[0]?.holder === holder) {
      throw refused('is the last on the list: put another one on it first')
    }
    const done =
      action === 'add'
        ? await table.storeHolder(tx, app, { holder, by: actor.id })
        : await table.dropHolder(tx, app, holder)
    if (!done) return false
    const [subtype, letter] = action === 'add' ? (['add-holder', 'C'] as const) : (['remove-holder', 'D'] as const)
    const entity = `${entityOf(app)}/${holder}`
    await deps.audit.inTransaction(tx, { practice: 0, type: 'credential', subtype, action: letter, actor, entity })
    return true
  })
}

function refused(reason: string): AegisError {
  return new AegisError('key-server.holder-refused', { reason })
}
