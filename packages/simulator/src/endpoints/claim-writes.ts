/** Claims written: made for a visit or without one, changed, noted on. */
import { addClaimNote, chargeVisit, fileClaim, updateClaim } from '../practice/claim-changes.ts'
import { claimCharges } from '../practice/claim-charges.ts'
import { claimId, type Charge, type Diagnosis, type WrittenClaim } from '../practice/claim-table.ts'
import { stateOf } from '../practice/create-practice.ts'
import { procedureByCode } from '../practice/expected-procedures.ts'
import { insurancesOf } from '../practice/patient-insurances.ts'
import { survivorOf } from '../practice/patient-table.ts'
import { listed, type PracticeState } from '../practice/practice-state.ts'
import { wallTime } from '../practice/zone-time.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidData, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { objectsField, textOf, type JsonObject } from './chart-requests.ts'
import { pathClaim } from './claims.ts'
import {
  dateField,
  departmentField,
  pathAppointment,
  patientField,
  providerField,
  requireFields,
  stampOf,
} from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

/** Most lines of a claim: its parts are numbered within it. */
const linesMax = 50
const usualDollars = 100

/** The object with its names in lower case: athenahealth writes them in capitals, callers do not always. */
function lowerNames(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]))
}

/** A line as sent: a procedure and up to four diagnoses of each code set, of which an ICD-10 one must be first. */
function chargeOf(sent: JsonObject): Charge {
  const line = lowerNames(sent)
  const procedure = textOf(line, 'procedurecode')
  const diagnoses = (['ICD10', 'ICD9'] as const).flatMap((codeSet) =>
    [1, 2, 3, 4].flatMap((place): Diagnosis[] => {
      const code = textOf(line, `${codeSet.toLowerCase()}code${place}`)
      return code === undefined || code === '' ? [] : [{ code, codeSet }]
    }),
  )
  if (procedure === undefined || procedure === '') throw invalidCharges('PROCEDURECODE')
  if (diagnoses[0]?.codeSet !== 'ICD10') throw invalidCharges('ICD10CODE1')
  const units = Math.max(1, Number(textOf(line, 'units') ?? 1) || 1)
  const dollars = dollarsOf(line) ?? usualDollars * units
  return { procedure: procedureByCode(procedure).code, dollars, diagnoses }
}

/** The amount of a line; undefined when it says none, as an empty text does. 400 for what is no amount to be paid. */
function dollarsOf(line: JsonObject): number | undefined {
  const said = [textOf(line, 'allowable'), textOf(line, 'chargeamount')].find(
    (text) => text !== undefined && text !== '',
  )
  if (said === undefined) return undefined
  const dollars = Number(said)
  if (!Number.isFinite(dollars) || dollars < 0) throw invalidCharges('ALLOWABLE')
  return dollars
}

/** Which line is wrong is our text. */
function invalidCharges(name: string): ReplyError {
  return new ReplyError(invalidData(`Every charge needs a valid ${name}.`))
}

function chargesOf(input: Input): readonly Charge[] | undefined {
  const sent = objectsField(input, 'claimcharges')
  if (sent === undefined && input.text('claimcharges') === undefined) return undefined
  if (sent === undefined || sent.length === 0 || sent.length > linesMax) throw invalidCharges('PROCEDURECODE')
  return sent.map(chargeOf)
}

/** What a claim takes beside its charges; `servicetypeaddons` are accepted and shown nowhere. */
const referenceIds = ['orderingproviderid', 'referralauthid', 'referringproviderid'] as const
const referenceTexts = ['reserved19', 'servicetypeaddons'] as const

function referencesOf(input: Input): Readonly<Record<string, string>> {
  for (const name of referenceIds) input.integer(name)
  return Object.fromEntries(
    [...referenceIds, ...referenceTexts].flatMap((name) => {
      const text = input.text(name)
      return text === undefined ? [] : [[name, text] as const]
    }),
  )
}

function customFieldsOf(input: Input): Readonly<Record<string, string>> | undefined {
  return Object.fromEntries(
    (objectsField(input, 'customfields') ?? []).flatMap((sent) => {
      const id = textOf(sent, 'customfieldid')
      return id === undefined ? [] : [[id, textOf(sent, 'customfieldvalue') ?? textOf(sent, 'optionid') ?? ''] as const]
    }),
  )
}

/** Recorded: the ids as texts, and an error message that is empty. A simulated claim is never split. */
function made(index: number): Answer {
  return success({ claimids: [claimId(index)], errormessage: '' })
}

function createForVisit(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const position = pathAppointment(context)
  requireFields(input, ['claimcharges'])
  const supervisingProvider = providerField(state, input, 'supervisingproviderid')
  const written: WrittenClaim = {
    charges: chargesOf(input) ?? [],
    references: referencesOf(input),
    ...(supervisingProvider !== undefined && { supervisingProvider }),
  }
  return made(chargeVisit(state, { position, written }, stampOf(context)))
}

/** Ids of the insurances to bill: those named, which must be the patient's own; undefined for those in force. */
function insurancesField(state: PracticeState, input: Input, patient: number): readonly [number, number] | undefined {
  const named = [input.integer('primarypatientinsuranceid'), input.integer('secondarypatientinsuranceid')] as const
  if (named[0] === undefined && named[1] === undefined) return undefined
  const own = new Set(insurancesOf(state, patient).map(({ id }) => Number(id)))
  for (const id of named) {
    if (id !== undefined && id !== 0 && !own.has(id)) throw new ReplyError(invalidData('Invalid patient insurance.'))
  }
  return [named[0] ?? 0, named[1] ?? 0]
}

function createClaim(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['claimcharges', 'departmentid', 'patientid', 'supervisingproviderid'])
  const patient = survivorOf(state.patients, patientField(context))
  const department = departmentField(state, input) ?? 0
  const supervisingProvider = providerField(state, input, 'supervisingproviderid') ?? 0
  const today = wallTime(listed(state.departments, department).zone, context.now).day
  const day = dateField(input, 'servicedate') ?? today
  if (day > today) throw new ReplyError(invalidData('The service date lies in the future.'))
  const provider = providerField(state, input, 'renderingproviderid') ?? supervisingProvider
  const insurances = insurancesField(state, input, patient)
  const references = referencesOf(input)
  const written: WrittenClaim = {
    charges: chargesOf(input) ?? [],
    supervisingProvider,
    references,
    ...(input.text('customfields') !== undefined && { customFields: customFieldsOf(input) ?? {} }),
    ...(insurances !== undefined && { insurances }),
  }
  return made(fileClaim(state, { place: { patient, department, provider, day }, written }, stampOf(context)))
}

/** Changes allowed amounts of lines by their procedure, custom fields and references; what is not sent stays. */
function changeClaim(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const index = pathClaim(context)
  const custom = input.text('customfields') === undefined ? undefined : customFieldsOf(input)
  const written: WrittenClaim = {
    references: referencesOf(input),
    ...(input.text('claimcharges') !== undefined && { charges: changedCharges(state, index, input) }),
    ...(custom !== undefined && { customFields: custom }),
  }
  updateClaim(state, { index, written }, stampOf(context))
  return success()
}

function changedCharges(state: PracticeState, index: number, input: Input): readonly Charge[] {
  const allowed = new Map(
    (objectsField(input, 'claimcharges') ?? []).map((sent) => {
      const line = lowerNames(sent)
      const dollars = dollarsOf(line)
      if (dollars === undefined) throw invalidCharges('ALLOWABLE')
      return [textOf(line, 'procedurecode') ?? '', dollars] as const
    }),
  )
  return claimCharges(state, index).map((line) => ({ ...line, dollars: allowed.get(line.procedure) ?? line.dollars }))
}

/** The answer is inferred from those of other writes. */
function createNote(context: RouteContext): Answer {
  const { input } = context
  const index = pathClaim(context)
  requireFields(input, ['claimnote'])
  const note = { index, text: input.text('claimnote') ?? '' }
  addClaimNote(stateOf(context.practice), note, stampOf(context))
  return ok({ success: true, errormessage: '' })
}

export const claimWriteRoutes: readonly Route[] = [
  { method: 'POST', path: '/claims', handle: orError(createClaim) },
  { method: 'POST', path: '/appointments/{appointmentid}/claim', handle: orError(createForVisit) },
  { method: 'PUT', path: '/claims/{claimid}', handle: orError(changeClaim) },
  { method: 'POST', path: '/claims/{claimid}/note', handle: orError(createNote) },
]
