/** The lists a chart is written from: medications and allergens found by a part of their name, reactions, severities. */
import { allergens, reactions, severities } from '../practice/allergy-terms.ts'
import { medications, stopReasons } from '../practice/medication-terms.ts'
import { ReplyError, type Input, type Route } from '../route.ts'
import { invalidData, ok } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { requireFields } from './request-fields.ts'

/** Shortest text that is searched for (documented); the words of the refusal are ours. */
const shortestSearch = 2

/** What has the text somewhere in its name, in any case (recorded: `asp` finds both asparaginase and Aspercreme). */
function named<T extends { readonly name: string }>(terms: readonly T[], input: Input): T[] {
  requireFields(input, ['searchvalue'])
  const wanted = (input.text('searchvalue') ?? '').toLowerCase()
  if (wanted.length < shortestSearch) {
    throw new ReplyError(invalidData(`The searchvalue must have at least ${shortestSearch} characters.`))
  }
  return terms.filter(({ name }) => name.toLowerCase().includes(wanted))
}

const findMedications: Route['handle'] = ({ input }) =>
  ok(named(medications, input).map(({ id, name }) => ({ medicationid: id, medication: name })))

/** Both pairs of names are recorded side by side. */
const findAllergens: Route['handle'] = ({ input }) =>
  ok(
    named(allergens, input).map(({ id, name }) => ({
      allergy: name,
      allergyid: id,
      allergenname: name,
      allergenid: id,
    })),
  )

const listReactions: Route['handle'] = () =>
  ok(reactions.map(({ id, name, snomed }) => ({ reactionname: name, snomedcode: snomed, reactionid: id })))

const listSeverities: Route['handle'] = () =>
  ok(severities.map(({ name, snomed }) => ({ snomedcode: String(snomed), severity: name })))

/** The field's name is inferred. */
const listStopReasons: Route['handle'] = () => ok(stopReasons.map((name) => ({ stopreason: name })))

export const chartTermRoutes: readonly Route[] = [
  { method: 'GET', path: '/reference/medications', handle: orError(findMedications) },
  { method: 'GET', path: '/reference/medications/stopreasons', handle: listStopReasons },
  { method: 'GET', path: '/reference/allergies', handle: orError(findAllergens) },
  { method: 'GET', path: '/reference/allergies/reactions', handle: listReactions },
  { method: 'GET', path: '/reference/allergies/severities', handle: listSeverities },
]
