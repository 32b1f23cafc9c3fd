/** Providers: hired, changed, deleted and brought back. */
import { announce, changeTime, listed, type PracticeState, type Stamp } from './practice-state.ts'
import { makeProvider, type Provider } from './provider.ts'
import { Refusal } from './refusal.ts'

type ProviderEventName = 'ProviderAdd' | 'ProviderUpdate' | 'ProviderDelete' | 'ProviderUndelete'

function announceProvider(state: PracticeState, provider: Provider, name: ProviderEventName): void {
  const department = listed(state.departments, provider.home)
  announce(state, { feed: 'providers', name, id: provider.id, departmentId: department.id })
}

/** Adds the provider that the practice's seed has next, in the department of this index. */
export function addProvider(state: PracticeState, department: number, stamp: Stamp): Provider {
  listed(state.departments, department)
  const provider = makeProvider(state.seed, state.providers.length, {
    home: department,
    departments: state.departments,
  })
  changeTime(state, stamp)
  state.providers.push(provider)
  announceProvider(state, provider, 'ProviderAdd')
  return provider
}

export interface ProviderUpdate {
  readonly provider: Provider
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly specialty?: string | undefined
  readonly acceptingNewPatients?: boolean | undefined
  readonly hiddenInPortal?: boolean | undefined
}

export function updateProvider(state: PracticeState, update: ProviderUpdate, stamp: Stamp): void {
  const { provider, ...fields } = update
  changeTime(state, stamp)
  provider.firstName = fields.firstName ?? provider.firstName
  provider.lastName = fields.lastName ?? provider.lastName
  provider.specialty = fields.specialty ?? provider.specialty
  provider.acceptingNewPatients = fields.acceptingNewPatients ?? provider.acceptingNewPatients
  provider.hiddenInPortal = fields.hiddenInPortal ?? provider.hiddenInPortal
  announceProvider(state, provider, 'ProviderUpdate')
}

/** A deleted provider opens no new slots; what is booked stays. Refuses `unknown_provider` when deleted already. */
export function deleteProvider(state: PracticeState, provider: Provider, stamp: Stamp): void {
  if (provider.deleted) throw new Refusal('unknown_provider')
  changeTime(state, stamp)
  provider.deleted = true
  announceProvider(state, provider, 'ProviderDelete')
}

/** Refuses `not_deleted`. */
export function undeleteProvider(state: PracticeState, provider: Provider, stamp: Stamp): void {
  if (!provider.deleted) throw new Refusal('not_deleted')
  changeTime(state, stamp)
  provider.deleted = false
  announceProvider(state, provider, 'ProviderUndelete')
}
