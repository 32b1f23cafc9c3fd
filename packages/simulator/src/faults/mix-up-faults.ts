/** Faults of what an answer holds: it is well-formed and arrives, but it is not what it should be. */
import type { SeededRandom } from '../practice/seeded-random.ts'
import type { Answer } from '../server/answer.ts'
import { tokenPath } from '../tokens/oauth.ts'
import { reset } from './connection-faults.ts'
import { anything, count } from './fault-field.ts'
import type { FaultRows, Meeting, MetRequest } from './fault-kind.ts'
import { isObject, jsonOf, type ListBody, listOf, membersOf, withMembers } from './json-body.ts'
import { pagesKeptMax } from './page-memory.ts'
import { quotaHeaders } from './quota-headers.ts'

/** How many other patients are asked for before a swap is given up: some may not be shown. */
const swapTriesMax = 10

export const mixUpFaults: FaultRows<
  'swapped-patient' | 'duplicate-items' | 'unordered-items' | 'repeated-page' | 'lost-page' | 'expires-in'
> = {
  'swapped-patient': {
    meets: 'an answer about another patient',
    fields: {},
    concerns: ({ resource }) => resource !== undefined,
    answer: (meeting, given) => otherPatientsRecord(meeting) ?? otherPatientsId(meeting, given),
  },
  'duplicate-items': {
    meets: 'a list with items that are in it twice, one by default',
    fields: { count },
    answer({ action, request, random }, given) {
      const list = listAsked(request, given)
      if (list === undefined || list.items.length === 0) return undefined
      const items = [...list.items]
      for (let left = action.count ?? 1; left > 0; left -= 1) {
        const index = random.below(items.length)
        items.splice(random.between(index, items.length), 0, items[index])
      }
      return { ...given, body: list.withItems(items) }
    },
  },
  'unordered-items': {
    meets: 'a list in another order',
    fields: {},
    answer({ request, random }, given) {
      const list = listAsked(request, given)
      if (list === undefined || list.items.length < 2) return undefined
      return { ...given, body: list.withItems(reordered(list.items, random)) }
    },
  },
  'repeated-page': {
    meets: 'a page of a feed that was handed out before, as it was then, and nothing is taken',
    fields: { back: [(value) => count[0](value) && Number(value) <= pagesKeptMax, `1 to ${pagesKeptMax}`] },
    concerns: ({ reads }) => reads !== undefined,
    isServed: () => false,
    before: ({ action, request, world }) => world.pages.find(request, action.back) !== undefined,
    answer({ action, request, world }, given) {
      const body = world.pages.find(request, action.back)
      return body === undefined ? undefined : jsonTextAnswer(body, quotaHeaders(given))
    },
  },
  'lost-page': {
    meets: 'a connection that is reset after a feed was read: the marks are gone, and nothing arrives',
    fields: {},
    concerns: ({ reads }) => reads === 'consume',
    answer: (_meeting, given) => ((listOf(given)?.items.length ?? 0) === 0 ? undefined : reset(given)),
  },
  'expires-in': {
    meets: 'a token with another expires_in, or none',
    fields: { value: anything },
    concerns: ({ arrival }) => arrival.path === tokenPath,
    answer({ action }, given) {
      const body = jsonOf(given)
      if (!isObject(body) || body['access_token'] === undefined) return undefined
      // JSON leaves out what is undefined.
      return { ...given, body: JSON.stringify({ ...body, expires_in: action.value }) }
    },
  },
}

function jsonTextAnswer(body: string, headers: readonly string[]): Answer {
  return { status: 200, headers: ['Content-Type', 'application/json; charset=UTF-8', ...headers], body }
}

/** The list that was asked for. Lists inside of one record are part of it, such as the diagnoses of a claim in their order. */
function listAsked({ route }: MetRequest, given: Answer): ListBody | undefined {
  const isOneRecord = route?.endsWith('}') === true && !Array.isArray(jsonOf(given))
  return isOneRecord ? undefined : listOf(given)
}

/** What a GET of a patient's data answers for another one; undefined when the path names no patient. */
function otherPatientsRecord({ request, random, world }: Meeting<'swapped-patient'>): Answer | undefined {
  const { arrival, route, practice, app, at } = request
  const index = route?.split('/').indexOf('{patientid}') ?? -1
  if (arrival.method !== 'GET' || index < 0 || practice === undefined || app === undefined) return undefined
  const segments = arrival.path.split('/')
  const others = world.patientsOf(practice).filter((id) => id !== segments[index])
  for (let tries = 0; tries < swapTriesMax && others.length > 0; tries += 1) {
    const path = segments.with(index, random.pick(others)).join('/')
    const swapped = { ...arrival, path }
    const answer = world.backend
      .find(swapped, `/${path.split('/').slice(3).join('/')}`)
      .answer({ app, practiceId: practice, arrival: swapped, now: Math.floor(at) })
    if (answer.status === 200) return answer
  }
  return undefined
}

/** The answer with every patient's id in it turned into that of one who is not in it. */
function otherPatientsId({ request, random, world }: Meeting<'swapped-patient'>, given: Answer): Answer | undefined {
  const value = jsonOf(given)
  const named = new Set(membersOf(value, 'patientid'))
  if (named.size === 0 || request.practice === undefined) return undefined
  const others = world.patientsOf(request.practice).filter((id) => !named.has(id))
  if (others.length === 0) return undefined
  return { ...given, body: JSON.stringify(withMembers(value, { name: 'patientid', to: random.pick(others) })) }
}

/** The items with some of the first ones at the end. */
function reordered(items: readonly unknown[], random: SeededRandom): unknown[] {
  const turn = random.between(1, items.length - 1)
  return [...items.slice(turn), ...items.slice(0, turn)]
}
