/** Changes of providers, given as plain JSON. */
import { departmentOf, providerOf, type Id, type Runner } from './change-fields.ts'
import { addProvider, deleteProvider, undeleteProvider, updateProvider } from './provider-changes.ts'

/** What happens to providers. */
export type ProviderChange =
  | { readonly kind: 'addprovider'; readonly department: Id }
  | {
      readonly kind: 'updateprovider'
      readonly provider: Id
      readonly firstname?: string
      readonly lastname?: string
      readonly specialty?: string
      readonly acceptingnewpatients?: boolean
    }
  | { readonly kind: 'deleteprovider' | 'undeleteprovider'; readonly provider: Id }

const changeProvider: Runner = (state, fields, stamp) => {
  const input = {
    provider: providerOf(state, fields),
    firstName: fields.optional('firstname'),
    lastName: fields.optional('lastname'),
    specialty: fields.optional('specialty'),
    acceptingNewPatients: fields.flag('acceptingnewpatients'),
  }
  updateProvider(state, input, stamp)
}

export const providerRunners: Readonly<Record<ProviderChange['kind'], Runner>> = {
  addprovider: (state, fields, stamp) => void addProvider(state, departmentOf(state, fields), stamp),
  updateprovider: changeProvider,
  deleteprovider: (state, fields, stamp) => deleteProvider(state, providerOf(state, fields), stamp),
  undeleteprovider: (state, fields, stamp) => undeleteProvider(state, providerOf(state, fields), stamp),
}
