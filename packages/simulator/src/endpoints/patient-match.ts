/** `GET /patients/enhancedbestmatch`: which known patients a person might be. */
import { stateOf } from '../practice/create-practice.ts'
import {
  bestMatchesMost,
  bestMatchesScore,
  exactNameScore,
  matchPatients,
  type PatientMatch,
} from '../practice/match-patients.ts'
import { patientRecord } from '../practice/patient-record.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalid, ok } from '../server/reply.ts'
import { shownOf } from './patient-reads.ts'
import { sightOf } from './patient-sight.ts'
import { dateField, departmentField, requireFields } from './request-fields.ts'

const matchFields = [
  'email',
  'ssn',
  'homephone',
  'mobilephone',
  'workphone',
  'zip',
  'guarantoremail',
  'guarantorphone',
  'preferredname',
  'suffix',
] as const

function minimumScore(input: Input): number | undefined {
  const text = input.text('minscore')
  if (text === undefined) return undefined
  const score = Number(text)
  if (!Number.isFinite(score)) throw new ReplyError(invalid('number', text))
  return score
}

/**
 * With `returnbestmatches` the best five from 16 on, with `minscore` those from that score on. With neither the best
 * match, several if they tie, from 23 on: a 23 was recorded without flags, the documented automatch is 26 (inferred).
 */
function chosen(matches: readonly PatientMatch[], input: Input): readonly PatientMatch[] {
  if (input.flag('returnbestmatches') || input.text('minscore') !== undefined) return matches.slice(0, bestMatchesMost)
  return matches.filter((match) => match.score === matches[0]?.score)
}

function bestMatch(context: RouteContext): ReturnType<Route['handle']> {
  const { input } = context
  requireFields(input, ['firstname', 'lastname', 'dob'])
  // Recorded here as any other date; only writing a patient has words of its own for it.
  const birthDay = dateField(input, 'dob') ?? 0
  const state = stateOf(context.practice)
  // It says which financial group's copy of a patient is meant: a simulated patient has one.
  departmentField(state, input)
  const fields: Record<string, string> = {}
  for (const name of matchFields) {
    const value = input.text(name)
    if (value !== undefined) fields[name] = value
  }
  const person = {
    firstname: input.text('firstname') ?? '',
    lastname: input.text('lastname') ?? '',
    birthDay,
    fields,
    useSoundex: input.flag('usesoundexsearch'),
  }
  const least = minimumScore(input) ?? (input.flag('returnbestmatches') ? bestMatchesScore : exactNameScore)
  const show = shownOf(input)
  return ok(
    chosen(matchPatients(state, person, { least, sight: sightOf(input) }), input).map(({ id, score }) => ({
      ...patientRecord(state, id, show),
      score,
    })),
  )
}

export const patientMatchRoutes: readonly Route[] = [
  { method: 'GET', path: '/patients/enhancedbestmatch', handle: bestMatch },
]
