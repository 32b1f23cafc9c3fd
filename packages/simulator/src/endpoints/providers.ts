/** `GET /providers` and one provider. */
import { stateOf } from '../practice/create-practice.ts'
import { providerById } from '../practice/practice-state.ts'
import { providerRecord } from '../practice/provider.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { list, notFound, one } from '../server/reply.ts'
import { pathNumber } from './request-fields.ts'

function listProviders(context: RouteContext): ReturnType<Route['handle']> {
  const { departments, providers } = stateOf(context.practice)
  const { input } = context
  const name = input.text('name')?.toLowerCase()
  const type = input.text('providertype')?.toLowerCase()
  return list(context, {
    key: 'providers',
    items: providers.filter(
      (provider) =>
        !provider.deleted &&
        (name === undefined || `${provider.firstName} ${provider.lastName}`.toLowerCase().includes(name)) &&
        (type === undefined || provider.typeId.toLowerCase() === type),
    ),
    render: (provider) => ({ ...providerRecord(provider, departments), ...otherIds(input) }),
  })
}

/** The ids a provider has beside its own, recorded as a list under two names: simulated ones have none. */
function otherIds(input: Input): Record<string, unknown> {
  return input.flag('showallproviderids') ? { otherproviderids: [], otherprovideridlist: [] } : {}
}

function getProvider(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const provider = providerById(state, pathNumber(context, 'providerid'))
  if (provider === undefined || (provider.deleted && !context.input.flag('showdeletedproviders'))) {
    throw new ReplyError(notFound('The provider does not exist.'))
  }
  return one({
    ...providerRecord(provider, state.departments),
    // By id the specialty's number is three digits of text (recorded), in the list it is a number.
    specialtyid: provider.specialtyId,
    ...otherIds(context.input),
    ...(context.input.flag('showfederalidnumber') ? { federalidnumber: '00-0000000' } : {}),
  })
}

export const providerRoutes: readonly Route[] = [
  { method: 'GET', path: '/providers', handle: listProviders },
  { method: 'GET', path: '/providers/{providerid}', handle: getProvider },
]
