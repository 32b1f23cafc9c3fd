/** The medications of a patient's chart. */
import {
  addMedication,
  deleteMedication,
  updateMedication,
  updateMedicationSection,
  type EntryFields,
} from '../practice/medication-changes.ts'
import { medicationsIn, type MedicationEntry } from '../practice/medication-list.ts'
import { medicationSection } from '../practice/medication-record.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { choiceField, requestedChart } from './chart-requests.ts'
import { dateField, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

const types = ['HISTORICAL', 'ACTIVE', 'DENIED'] as const

/** Which entries a `medicationtype` means: the words are documented, where they draw the line is inferred. */
const isOfType: Readonly<Record<(typeof types)[number], (entry: MedicationEntry) => boolean>> = {
  HISTORICAL: ({ historical }) => historical,
  ACTIVE: ({ stopDay }) => stopDay === undefined,
  // Nobody denies a prescription in the simulated practice.
  DENIED: () => false,
}

function listMedications(context: RouteContext): Answer {
  const { input } = context
  const { state, patient } = requestedChart(context)
  const type = choiceField(input, 'medicationtype', types)
  const entries = medicationsIn(state, patient).filter((entry) => type === undefined || isOfType[type](entry))
  const show = { ndc: input.flag('showndc'), rxnorm: input.flag('showrxnorm') }
  return ok(medicationSection(state, patient, { entries, show }))
}

function writtenFields(input: Input): EntryFields {
  return {
    startDay: dateField(input, 'startdate'),
    stopDay: dateField(input, 'stopdate'),
    stopReason: input.text('stopreason'),
    patientNote: input.text('patientnote'),
    providerNote: input.text('providernote'),
    sig: input.text('unstructuredsig'),
    hidden: input.text('hidden') === undefined ? undefined : input.flag('hidden'),
  }
}

function createMedication(context: RouteContext): Answer {
  const { input } = context
  const { state, patient } = requestedChart(context, ['medicationid'])
  const medication = input.integer('medicationid') ?? 0
  const id = addMedication(state, { patient, medication, fields: writtenFields(input) }, stampOf(context))
  return success({ medicationentryid: id })
}

function writeSection(context: RouteContext): Answer {
  const { input } = context
  const { state, patient } = requestedChart(context)
  const noneReported =
    input.text('nomedicationsreported') === undefined ? undefined : input.flag('nomedicationsreported')
  updateMedicationSection(state, { patient, noneReported, note: input.text('sectionnote') }, stampOf(context))
  return success()
}

function changeMedication(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  const id = context.path['medicationentryid'] ?? ''
  updateMedication(state, { patient, id, fields: writtenFields(context.input) }, stampOf(context))
  return success()
}

function removeMedication(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  deleteMedication(state, { patient, id: context.path['medicationentryid'] ?? '' }, stampOf(context))
  return success()
}

const path = '/chart/{patientid}/medications'

export const medicationRoutes: readonly Route[] = [
  { method: 'GET', path, handle: orError(listMedications) },
  { method: 'POST', path, handle: orError(createMedication) },
  { method: 'PUT', path, handle: orError(writeSection) },
  { method: 'PUT', path: `${path}/{medicationentryid}`, handle: orError(changeMedication) },
  { method: 'DELETE', path: `${path}/{medicationentryid}`, handle: orError(removeMedication) },
]
