/** Referring providers: the list, one of them, and written ones. */
import { stateOf } from '../practice/create-practice.ts'
import {
  listedReferringProviders,
  referringProviderAt,
  referringProviderId,
  referringProviderRecord,
  referringProviders,
  referringProviderTexts,
  type ReferringProviderFields,
} from '../practice/referring-provider.ts'
import { addReferringProvider, updateReferringProvider } from '../practice/referring-provider-changes.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { list, notFound, one, success, type Rows } from '../server/reply.ts'
import { choiceField, wasSent } from './chart-requests.ts'
import { pathNumber, requireFields, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

/** An empty number takes it away (documented); other empty fields are as if not sent, as everywhere. */
function writtenFields(input: Input): ReferringProviderFields {
  const texts = referringProviderTexts.flatMap((name) => {
    const text = input.text(name)
    return text === undefined ? [] : [[name, text] as const]
  })
  const number = input.text('npinumber') === undefined ? undefined : input.integer('npinumber')
  const npinumber = number === undefined && !wasSent(input, 'npinumber') ? {} : { npinumber: String(number ?? '') }
  return { ...Object.fromEntries(texts), ...npinumber }
}

function pathReferringProvider(context: RouteContext): number {
  const state = stateOf(context.practice)
  const index = referringProviderAt(state, pathNumber(context, 'referringproviderid'))
  if (index === undefined || referringProviders(state).deleted.has(index)) {
    throw new ReplyError(notFound('The referring provider does not exist.'))
  }
  return index
}

/** Of this list alone the total is text in the typed era too (recorded). */
function listReferringProviders(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const items: Rows<number> = listedReferringProviders(state)
  const reply = list(context, {
    key: 'referringproviders',
    items,
    render: (index) => referringProviderRecord(state, index),
  })
  return { ...reply, body: { ...Object(reply.body), totalcount: String(items.length) } }
}

/** An array of one, like one of the practice's own providers (inferred). */
function getReferringProvider(context: RouteContext): Answer {
  return one(referringProviderRecord(stateOf(context.practice), pathReferringProvider(context)))
}

/** The name of the id in the answer is inferred. */
function createReferringProvider(context: RouteContext): Answer {
  const { input } = context
  requireFields(input, ['entitytype', 'lastname'])
  const entitytype = choiceField(input, 'entitytype', ['PERSON', 'NONPERSON'] as const) ?? 'PERSON'
  const fields = { entitytype, ...writtenFields(input) }
  const index = addReferringProvider(stateOf(context.practice), fields, stampOf(context))
  return success({ referringproviderid: referringProviderId(index) })
}

function changeReferringProvider(context: RouteContext): Answer {
  const index = pathReferringProvider(context)
  const update = { index, fields: writtenFields(context.input) }
  updateReferringProvider(stateOf(context.practice), update, stampOf(context))
  return success({ referringproviderid: referringProviderId(index) })
}

export const referringProviderRoutes: readonly Route[] = [
  { method: 'GET', path: '/referringproviders', handle: listReferringProviders },
  { method: 'POST', path: '/referringproviders', handle: createReferringProvider },
  { method: 'GET', path: '/referringproviders/{referringproviderid}', handle: getReferringProvider },
  { method: 'PUT', path: '/referringproviders/{referringproviderid}', handle: changeReferringProvider },
]
