/** Claims read: the list, one by id, what was booked on it, its notes, and a patient's. */
import { appointmentAt } from '../practice/appointment-table.ts'
import { claimCharges } from '../practice/claim-charges.ts'
import { claimRecord, claimStatusesOf, isVoided, procedureRecords } from '../practice/claim-record.ts'
import { claimAt, claimCreatedAt, claimId, claimPlace, claimTable } from '../practice/claim-table.ts'
import { stateOf } from '../practice/create-practice.ts'
import { findClaims, supervisorOf, type ClaimQuery } from '../practice/find-claims.ts'
import { localPatientId } from '../practice/local-copies.ts'
import { survivorOf } from '../practice/patient-table.ts'
import { listed, type PracticeState } from '../practice/practice-state.ts'
import { limitsSight, seesPatient } from '../practice/restricted-patients.ts'
import { eastern, wallText } from '../practice/zone-time.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { list, notFound, ok } from '../server/reply.ts'
import { choiceField } from './chart-requests.ts'
import { sightOf } from './patient-sight.ts'
import { dateField, departmentField, integersField, pathNumber, pathPatient, providerField } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

/** Index of the path's claim; 404 when there is none, it was voided, or its patient is hidden from the caller. */
export function pathClaim(context: RouteContext): number {
  const state = stateOf(context.practice)
  const index = claimAt(state, pathNumber(context, 'claimid'))
  const sees = (patient: number): boolean => seesPatient(state.patients, patient, sightOf(context.input))
  if (index === undefined || isVoided(state, index) || !sees(claimPlace(state, index).patient)) {
    throw new ReplyError(notFound('The claim does not exist.'))
  }
  return index
}

function queryOf(state: PracticeState, input: Input): ClaimQuery {
  const sight = sightOf(input)
  const procedures = input.list('procedurecodes').map((code) => code.toUpperCase())
  // `claimfilters` takes words that are not documented where we could read it: it is not looked at.
  return {
    createdFrom: dateField(input, 'createdstartdate'),
    createdTo: dateField(input, 'createdenddate'),
    servedFrom: dateField(input, 'servicestartdate'),
    servedTo: dateField(input, 'serviceenddate'),
    patient: input.integer('patientid'),
    department: departmentField(state, input),
    provider: providerField(state, input),
    appointments: integersField(input, 'appointmentid')?.flatMap((id) => appointmentAt(state.appointments, id) ?? []),
    procedures: procedures.length === 0 ? undefined : new Set(procedures),
    sees: limitsSight(state.patients, sight) ? (patient) => seesPatient(state.patients, patient, sight) : undefined,
  }
}

/** What the list and the claim by id add when asked to. But for the custom fields the names are inferred. */
function shownClaim(state: PracticeState, index: number, input: Input): Record<string, unknown> {
  const record = claimRecord(state, index, { customFields: input.flag('showcustomfields') })
  if (input.flag('showlocalpatientid')) {
    record['localpatientid'] = Number(localPatientId(state, claimPlace(state, index).patient))
  }
  if (input.flag('showservicetypeaddons')) record['servicetypeaddons'] = []
  if (input.flag('showsupervisingprovider')) {
    const supervisor = listed(state.providers, supervisorOf(state, index))
    record['supervisingproviderid'] = Number(supervisor.id)
    record['supervisingprovidername'] = `${supervisor.lastName}, ${supervisor.firstName}`
  }
  return record
}

function listClaims(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  return list(context, {
    key: 'claims',
    items: findClaims(state, queryOf(state, input)),
    render: (index) => shownClaim(state, index, input),
  })
}

/** One object, not an array of one (recorded). */
function getClaim(context: RouteContext): Answer {
  return ok(shownClaim(stateOf(context.practice), pathClaim(context), context.input))
}

/** The lines of the claim as money owed. Only the call is documented: the names are ours. */
function listTransactions(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const index = pathClaim(context)
  const postdate = wallText(eastern, claimCreatedAt(state, index) * 1000).slice(0, 10)
  const lines = procedureRecords(state, index).map((line) => ({
    claimid: claimId(index),
    transactionid: line['transactionid'],
    procedurecode: line['procedurecode'],
    transactiontype: 'CHARGE',
    amount: line['chargeamount'],
    postdate,
  }))
  return ok({ claimtransactions: lines, totalcount: lines.length })
}

/** What held the claim back, and what was written to it; pending is what still holds it. The names are inferred. */
function listNotes(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const index = pathClaim(context)
  const flag = choiceField(input, 'pendingflags', ['ALL', 'Y', 'O', 'N'] as const) ?? 'ALL'
  const notes = [...holdNotes(state, index), ...writtenNotes(state, index)]
  const shown = notes.filter(
    ({ pendingflag, ishold }) =>
      (flag === 'ALL' || pendingflag === flag) && (!input.flag('showholdonly') || ishold === true),
  )
  return ok({ claimnotes: shown.map(({ ishold: _, ...note }) => note), totalcount: shown.length })
}

interface ShownNote extends Record<string, unknown> {
  readonly pendingflag: 'Y' | 'O' | 'N' | null
  readonly ishold?: boolean
}

function holdNotes(state: PracticeState, index: number): ShownNote[] {
  const { primary, patient } = claimStatusesOf(state, index)
  const hold = [primary, patient].find((status) => status === 'HOLD' || status === 'MGRHOLD' || status === 'CBOHOLD')
  if (hold === undefined) return []
  const at = claimCreatedAt(state, index) * 1000
  const claimnoteid = Number(claimId(index)) * 100
  const created = { created: wallText(eastern, at), createdby: 'athena' }
  return [
    {
      claimnoteid,
      claimstatus: hold,
      note: 'Held for review.',
      ...created,
      type: 'RULE',
      pendingflag: 'Y',
      ishold: true,
    },
  ]
}

function writtenNotes(state: PracticeState, index: number): ShownNote[] {
  const { notes = [] } = claimTable(state).written.get(index) ?? {}
  return notes.map(({ id, text, at, by }) => ({
    claimnoteid: id,
    note: text,
    created: wallText(eastern, at),
    createdby: by,
    type: 'NOTE',
    pendingflag: null,
  }))
}

/** A patient's claims by whether the patient's own part is done with. The envelope is inferred. */
function patientClaims(isClosed: boolean): Route['handle'] {
  return (context) => {
    const state = stateOf(context.practice)
    const patient = survivorOf(state.patients, pathPatient(context))
    const query = { ...queryOf(state, context.input), patient, sees: undefined }
    const claims = findClaims(state, query).filter(
      (index) => (claimStatusesOf(state, index).patient === 'CLOSED') === isClosed,
    )
    return list(context, { key: 'claims', items: claims, render: (index) => claimRecord(state, index) })
  }
}

/** What the patient still has to pay, claim by claim: those that are billed to the patient now (inferred). */
function outstandingInDetail(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const patient = survivorOf(state.patients, pathPatient(context))
  const wanted = integersField(context.input, 'claimids')
  const claims = findClaims(state, { patient }).filter(
    (index) =>
      claimStatusesOf(state, index).patient === 'BILLED' &&
      (wanted === undefined || wanted.includes(Number(claimId(index)))),
  )
  const render = (index: number): Record<string, unknown> => ({
    ...claimRecord(state, index),
    outstandingamount: String(claimCharges(state, index).reduce((sum, { dollars }) => sum + dollars, 0)),
  })
  return list(context, { key: 'claims', items: claims, render })
}

export const claimRoutes: readonly Route[] = [
  { method: 'GET', path: '/claims', handle: listClaims },
  { method: 'GET', path: '/claims/{claimid}', handle: getClaim },
  { method: 'GET', path: '/claims/{claimid}/claimtransactions', handle: listTransactions },
  { method: 'GET', path: '/claims/{claimid}/claimnotes', handle: listNotes },
  { method: 'GET', path: '/patients/{patientid}/claims/patientoutstanding', handle: patientClaims(false) },
  { method: 'GET', path: '/patients/{patientid}/claims/patientclosed', handle: patientClaims(true) },
  { method: 'GET', path: '/patients/{patientid}/claims/patientoutstandingdetailed', handle: outstandingInDetail },
]
