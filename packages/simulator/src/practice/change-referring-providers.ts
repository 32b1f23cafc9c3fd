/** Changes of referring providers, given as plain JSON. */
import type { Fields, Id, Runner } from './change-fields.ts'
import type { PracticeState } from './practice-state.ts'
import { referringProviderAt, referringProviderTexts, type ReferringProviderFields } from './referring-provider.ts'
import {
  addReferringProvider,
  deleteReferringProvider,
  undeleteReferringProvider,
  updateReferringProvider,
} from './referring-provider-changes.ts'
import { Refusal } from './refusal.ts'

/** What happens to referring providers. */
export type ReferringProviderChange =
  | { readonly kind: 'addreferringprovider'; readonly fields: ReferringProviderFields }
  | {
      readonly kind: 'updatereferringprovider'
      readonly referringprovider: Id
      readonly fields: ReferringProviderFields
    }
  | { readonly kind: 'deletereferringprovider' | 'undeletereferringprovider'; readonly referringprovider: Id }

function indexOf(state: PracticeState, fields: Fields): number {
  const index = referringProviderAt(state, fields.text('referringprovider'))
  if (index === undefined) throw new Refusal('unknown_referring_provider')
  return index
}

const known: ReadonlySet<string> = new Set([...referringProviderTexts, 'entitytype', 'npinumber'])

function checkedFields(fields: Fields): ReferringProviderFields {
  const given = fields.record('fields')
  const stray = Object.keys(given).find((name) => !known.has(name))
  if (stray !== undefined) throw new RangeError(`a referring provider has no "${stray}" but ${[...known].join(', ')}`)
  if (!/^\d*$/.test(given['npinumber'] ?? '')) throw new RangeError('"npinumber" must be a whole number')
  return given
}

export const referringProviderRunners: Readonly<Record<ReferringProviderChange['kind'], Runner>> = {
  addreferringprovider: (state, fields, stamp) => {
    const { entitytype = 'PERSON', ...rest } = checkedFields(fields)
    if (rest['lastname'] === undefined) throw new RangeError('a new referring provider needs "lastname"')
    addReferringProvider(state, { entitytype, ...rest }, stamp)
  },
  updatereferringprovider: (state, fields, stamp) => {
    updateReferringProvider(state, { index: indexOf(state, fields), fields: checkedFields(fields) }, stamp)
  },
  deletereferringprovider: (state, fields, stamp) => deleteReferringProvider(state, indexOf(state, fields), stamp),
  undeletereferringprovider: (state, fields, stamp) => undeleteReferringProvider(state, indexOf(state, fields), stamp),
}
