/** Referring providers: noted, changed, deleted and brought back. */
import { announce, changeTime, type PracticeState, type Stamp } from './practice-state.ts'
import { referringProviderId, referringProviders, type ReferringProviderFields } from './referring-provider.ts'
import { Refusal } from './refusal.ts'

type EventName =
  | 'ReferringProviderAdd'
  | 'ReferringProviderUpdate'
  | 'ReferringProviderDelete'
  | 'ReferringProviderUndelete'

/** They belong to no department. */
function announceReferringProvider(state: PracticeState, index: number, name: EventName): void {
  announce(state, { feed: 'referringproviders', name, id: referringProviderId(index), departmentId: undefined })
}

/** Adds one and answers its index. */
export function addReferringProvider(state: PracticeState, fields: ReferringProviderFields, stamp: Stamp): number {
  const table = referringProviders(state)
  changeTime(state, stamp)
  const index = table.count
  table.count += 1
  table.written.set(index, fields)
  announceReferringProvider(state, index, 'ReferringProviderAdd')
  return index
}

export interface ReferringProviderUpdate {
  readonly index: number
  /** An empty field is taken away; what is not given stays. */
  readonly fields: ReferringProviderFields
}

/** Refuses `unknown_referring_provider` for a deleted one. */
export function updateReferringProvider(state: PracticeState, update: ReferringProviderUpdate, stamp: Stamp): void {
  const { index, fields } = update
  const { written, deleted } = referringProviders(state)
  if (deleted.has(index)) throw new Refusal('unknown_referring_provider')
  changeTime(state, stamp)
  written.set(index, { ...written.get(index), ...fields })
  announceReferringProvider(state, index, 'ReferringProviderUpdate')
}

/** Refuses `unknown_referring_provider` when deleted already. */
export function deleteReferringProvider(state: PracticeState, index: number, stamp: Stamp): void {
  const { deleted } = referringProviders(state)
  if (deleted.has(index)) throw new Refusal('unknown_referring_provider')
  changeTime(state, stamp)
  deleted.add(index)
  announceReferringProvider(state, index, 'ReferringProviderDelete')
}

/** Refuses `not_deleted`. */
export function undeleteReferringProvider(state: PracticeState, index: number, stamp: Stamp): void {
  const { deleted } = referringProviders(state)
  if (!deleted.has(index)) throw new Refusal('not_deleted')
  changeTime(state, stamp)
  deleted.delete(index)
  announceReferringProvider(state, index, 'ReferringProviderUndelete')
}
