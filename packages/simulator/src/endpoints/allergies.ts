/** The allergies of a patient's chart. */
import { updateAllergies, type AllergyFields } from '../practice/allergy-changes.ts'
import type { AllergyReaction } from '../practice/allergy-list.ts'
import { allergySection } from '../practice/allergy-record.ts'
import { reactions, severities } from '../practice/allergy-terms.ts'
import { parseDate } from '../practice/calendar-date.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { invalid, missingFields, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { objectOf, objectsField, requestedChart, textOf, wasSent, type JsonObject } from './chart-requests.ts'
import { stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

function listAllergies(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  return ok(allergySection(state, patient, context.input.flag('showinactive')))
}

function putAllergies(context: RouteContext): Answer {
  const { input } = context
  const { state, patient } = requestedChart(context)
  const allergies = (objectsField(input, 'allergies') ?? []).map(allergyFields)
  const section = {
    patient,
    allergies,
    noneKnown: input.text('nkda') === undefined ? undefined : input.flag('nkda'),
    // Sent empty it takes the note away (documented).
    note: wasSent(input, 'sectionnote') ? (input.text('sectionnote') ?? '') : undefined,
  }
  updateAllergies(state, section, stampOf(context))
  return success()
}

function allergyFields(sent: JsonObject): AllergyFields {
  const id = textOf(sent, 'allergenid')
  if (id === undefined) throw new ReplyError(missingFields(['allergenid']))
  if (!/^\d{1,15}$/.test(id)) throw new ReplyError(invalid('integer', id))
  return {
    allergen: Number(id),
    note: textOf(sent, 'note'),
    onsetDay: dayOf(sent, 'onsetdate'),
    endDay: dayOf(sent, 'deactivatedate'),
    reactions: reactionsOf(sent),
  }
}

/** A date of the JSON: undefined when it is not there, null when it is empty. */
function dayOf(sent: JsonObject, name: string): number | null | undefined {
  if (sent[name] === null) return null
  const text = textOf(sent, name)
  if (text === undefined) return undefined
  if (text === '') return null
  const day = parseDate(text)
  if (day === undefined) throw new ReplyError(invalid('date', text))
  return day
}

/** Reactions by their SNOMED codes; those of the reference get its names, others keep the name they were sent with. */
function reactionsOf(sent: JsonObject): AllergyReaction[] | undefined {
  const list = sent['reactions']
  if (!Array.isArray(list)) return undefined
  return list.map((element) => {
    const reaction = objectOf(element, 'allergies')
    const snomed = Number(textOf(reaction, 'snomedcode') ?? 0)
    const known = reactions.find((candidate) => candidate.snomed === snomed)
    const severity = textOf(reaction, 'severity')?.toLowerCase()
    return {
      name: known?.name ?? textOf(reaction, 'reactionname') ?? '',
      snomed,
      severity: severities.find(({ name, snomed: code }) => name === severity || String(code) === severity),
    }
  })
}

const path = '/chart/{patientid}/allergies'

export const allergyRoutes: readonly Route[] = [
  { method: 'GET', path, handle: orError(listAllergies) },
  { method: 'PUT', path, handle: orError(putAllergies) },
]
