/** What is written on an appointment beside its time and patient: confirmation, charges, custom fields, other systems' data. */
import { appointmentDetails, dropDetail, setDetails, type AccidentData } from '../practice/appointment-details.ts'
import {
  appointmentCustomFields,
  confirmationName,
  confirmationStatuses,
  noChargeReasons,
  secondaryPayerTypes,
} from '../practice/appointment-reference.ts'
import { statusOf } from '../practice/appointment-table.ts'
import { stateOf } from '../practice/create-practice.ts'
import { changeDetails } from '../practice/detail-changes.ts'
import { Refusal } from '../practice/refusal.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidData, list, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { choiceField } from './appointment-fields.ts'
import { customFieldUpdates } from './custom-field-updates.ts'
import { departmentField, pathAppointment, requireFields, stampOf } from './request-fields.ts'

type Handle = Route['handle']

/** Most characters that another system may leave on an appointment (documented). */
const thirdPartyDataMost = 4000

/** Position of the path's appointment, which must be of a patient and not cancelled. Refuses `not_booked`. */
function pathBooked(context: RouteContext): number {
  const position = pathAppointment(context)
  const status = statusOf(stateOf(context.practice).appointments, position)
  if (status === 'o' || status === 'x') throw new Refusal('not_booked')
  return position
}

const getConfirmation: Handle = (context) => {
  const { confirmation } = appointmentDetails(stateOf(context.practice), pathBooked(context))
  // The names are those of the booked list; an appointment nobody confirmed answers none (inferred).
  return ok(
    confirmation === undefined
      ? {}
      : {
          appointmentconfirmationid: String(confirmation),
          appointmentconfirmationname: confirmationName(confirmation),
        },
  )
}

const putConfirmation: Handle = (context) => {
  requireFields(context.input, ['appointmentconfirmationid'])
  const confirmation = context.input.integer('appointmentconfirmationid') ?? 0
  if (!confirmationStatuses.some(({ id }) => id === confirmation)) {
    throw new ReplyError(invalidData('Invalid appointment confirmation status.'))
  }
  const change = { position: pathBooked(context), details: { confirmation } }
  changeDetails(stateOf(context.practice), change, stampOf(context))
  return success()
}

const listConfirmations: Handle = (context) =>
  list(context, {
    key: 'appointmentconfirmationstatuses',
    items: confirmationStatuses,
    render: ({ id, name }) => ({ appointmentconfirmationid: String(id), appointmentconfirmationname: name }),
  })

/** Nothing is charged for the visit: the appointment says so from then on. */
const postNoCharge: Handle = (context) => {
  const { input } = context
  requireFields(input, ['athenausername', 'chargeentrynotrequiredreason'])
  const noChargeReason = choiceField(
    input,
    'chargeentrynotrequiredreason',
    noChargeReasons.map(({ reason }) => reason),
  )
  const details = noChargeReason === undefined ? {} : { noChargeReason }
  const stamp = { at: context.now, by: input.text('athenausername') ?? '' }
  changeDetails(stateOf(context.practice), { position: pathBooked(context), details }, stamp)
  return success()
}

const listNoChargeReasons: Handle = (context) =>
  list(context, { key: 'chargeentrynotrequiredreasons', items: noChargeReasons })

/** Recorded names and types. A field of free text counts as one to choose from there too, which we do not repeat. */
const listCustomFields: Handle = () =>
  ok({
    appointmentcustomfields: appointmentCustomFields.map(({ id, name, type, options }) => ({
      customfieldid: id,
      name,
      type,
      searchable: false,
      casesensitive: false,
      disallowupdate: false,
      select: options.length > 0,
      ...(options.length === 0
        ? {}
        : { selectlist: options.map((option) => ({ optionid: option.id, optionvalue: option.value })) }),
    })),
    totalcount: appointmentCustomFields.length,
  })

const putCustomFields: Handle = (context) => {
  const state = stateOf(context.practice)
  const position = pathBooked(context)
  const customFields = {
    ...appointmentDetails(state, position).customFields,
    ...customFieldUpdates(context.input),
  }
  changeDetails(state, { position, details: { customFields } }, stampOf(context))
  return success()
}

const noAccident: AccidentData = {
  anotherPartyResponsible: false,
  autoAccidentState: undefined,
  relatedToAutoAccident: false,
  relatedToEmployment: false,
  relatedToOtherAccident: false,
}

const getAccident: Handle = (context) => {
  const { accident = noAccident } = appointmentDetails(stateOf(context.practice), pathBooked(context))
  return ok({
    anotherpartyresponsible: accident.anotherPartyResponsible,
    autoaccidentstate: accident.autoAccidentState,
    relatedtoautoaccident: accident.relatedToAutoAccident,
    relatedtoemployment: accident.relatedToEmployment,
    relatedtootheraccident: accident.relatedToOtherAccident,
  })
}

/** The two kinds of accident exclude each other, and a state goes with a car's only (documented; the refusals inferred). */
function accidentOf(input: Input, known: AccidentData): AccidentData {
  const relatedToAutoAccident = input.flag('relatedtoautoaccident', known.relatedToAutoAccident)
  const relatedToOtherAccident = input.flag('relatedtootheraccident', known.relatedToOtherAccident)
  if (relatedToAutoAccident && relatedToOtherAccident) {
    throw new ReplyError(invalidData('An appointment is related to one kind of accident only.'))
  }
  const region = input.text('autoaccidentstate')?.toUpperCase()
  if (region !== undefined && !(relatedToAutoAccident && /^[A-Z]{2}$/.test(region))) {
    throw new ReplyError(invalidData('Invalid autoaccidentstate.'))
  }
  return {
    anotherPartyResponsible: input.flag('anotherpartyresponsible', known.anotherPartyResponsible),
    autoAccidentState: relatedToAutoAccident ? (region ?? known.autoAccidentState) : undefined,
    relatedToAutoAccident,
    relatedToEmployment: input.flag('relatedtoemployment', known.relatedToEmployment),
    relatedToOtherAccident,
  }
}

const putAccident: Handle = (context) => {
  const state = stateOf(context.practice)
  const position = pathBooked(context)
  const accident = accidentOf(context.input, appointmentDetails(state, position).accident ?? noAccident)
  changeDetails(state, { position, details: { accident } }, stampOf(context))
  return success()
}

const getSecondaryPayer: Handle = (context) => {
  const { secondaryPayer } = appointmentDetails(stateOf(context.practice), pathBooked(context))
  const type = secondaryPayerTypes.find(({ id }) => id === secondaryPayer)
  return ok(
    type === undefined
      ? { mspinsurancetypesetyn: false }
      : { mspinsurancetypesetyn: true, mspinsurancetypeid: type.id, mspinsurancetypename: type.name },
  )
}

const putSecondaryPayer: Handle = (context) => {
  const { input } = context
  requireFields(input, ['mspinsurancetypeid'])
  const secondaryPayer = input.integer('mspinsurancetypeid') ?? 0
  if (!secondaryPayerTypes.some(({ id }) => id === secondaryPayer)) {
    throw new ReplyError(invalidData('Invalid MSP insurance type.'))
  }
  // They name again what the path has: only that they are numbers is checked (inferred).
  for (const name of ['departmentid', 'patientid']) input.integer(name)
  const change = { position: pathBooked(context), details: { secondaryPayer } }
  changeDetails(stateOf(context.practice), change, stampOf(context))
  return success()
}

const deleteSecondaryPayer: Handle = (context) => {
  const state = stateOf(context.practice)
  const position = pathBooked(context)
  dropDetail(state, position, 'secondaryPayer')
  changeDetails(state, { position, details: {} }, stampOf(context))
  return success()
}

const listSecondaryPayers: Handle = (context) => {
  // They are the same for all departments (inferred).
  departmentField(stateOf(context.practice), context.input)
  return list(context, {
    key: 'mspinsurancetypes',
    items: secondaryPayerTypes,
    render: ({ id, name }) => ({ mspinsurancetypeid: id, name }),
    defaultLimit: 100,
  })
}

/** What another system leaves on an appointment for itself: the record stays as it is, and no feed tells of it (inferred). */
interface ThirdPartyField {
  readonly path: string
  readonly detail: 'thirdPartyCodingStatus' | 'thirdPartyData'
  readonly field: string
  readonly read: (input: Input) => string
}

const thirdPartyFields: readonly ThirdPartyField[] = [
  {
    path: '/appointments/{appointmentid}/thirdpartycodingstatus',
    detail: 'thirdPartyCodingStatus',
    field: 'status',
    read: (input) => choiceField(input, 'status', ['STARTED']) ?? '',
  },
  {
    path: '/appointments/{appointmentid}/thirdpartyexternaldata',
    detail: 'thirdPartyData',
    field: 'externaldata',
    read(input) {
      const text = input.text('externaldata') ?? ''
      if (text.length > thirdPartyDataMost) throw new ReplyError(invalidData('Invalid externaldata.'))
      return text
    },
  },
]

/** What is there already is not added again, and what is not there is neither changed, shown nor deleted (inferred). */
function thirdPartyRoutes({ path, detail, field, read }: ThirdPartyField): Route[] {
  const known = (context: RouteContext): { position: number; value: string | undefined } => {
    const position = pathBooked(context)
    return { position, value: appointmentDetails(stateOf(context.practice), position)[detail] }
  }
  const existing = (context: RouteContext): { position: number; value: string } => {
    const { position, value } = known(context)
    if (value === undefined) throw new Refusal('unknown_record')
    return { position, value }
  }
  const write = (context: RouteContext, position: number): ReturnType<Handle> => {
    setDetails(stateOf(context.practice), position, { [detail]: read(context.input) })
    return success()
  }
  const create: Handle = (context) => {
    requireFields(context.input, [field])
    const { position, value } = known(context)
    if (value !== undefined) throw new Refusal('exists_already')
    return write(context, position)
  }
  const update: Handle = (context) => {
    requireFields(context.input, [field])
    return write(context, existing(context).position)
  }
  const remove: Handle = (context) => {
    dropDetail(stateOf(context.practice), existing(context).position, detail)
    return success()
  }
  return [
    { method: 'GET', path, handle: orError((context) => ok({ [field]: existing(context).value })) },
    { method: 'POST', path, handle: orError(create) },
    { method: 'PUT', path, handle: orError(update) },
    { method: 'DELETE', path, handle: orError(remove) },
  ]
}

const route = (method: Route['method'], path: string, handle: Handle): Route => ({
  method,
  path,
  handle: orError(handle),
})

export const appointmentMarkRoutes: readonly Route[] = [
  route('GET', '/appointments/{appointmentid}/confirmationstatus', getConfirmation),
  route('PUT', '/appointments/{appointmentid}/confirmationstatus', putConfirmation),
  route('GET', '/reference/appointmentconfirmationstatus', listConfirmations),
  route('POST', '/appointments/{appointmentid}/chargeentrynotrequired', postNoCharge),
  route('GET', '/configuration/appointments/chargeentrynotrequiredreasons', listNoChargeReasons),
  route('GET', '/appointments/customfields', listCustomFields),
  route('PUT', '/appointments/{appointmentid}/customfields', putCustomFields),
  route('GET', '/appointments/{appointmentid}/accidentdata', getAccident),
  route('PUT', '/appointments/{appointmentid}/accidentdata', putAccident),
  route('GET', '/appointments/{appointmentid}/mspq', getSecondaryPayer),
  route('PUT', '/appointments/{appointmentid}/mspq', putSecondaryPayer),
  route('DELETE', '/appointments/{appointmentid}/mspq', deleteSecondaryPayer),
  route('GET', '/mspinsurancetypes', listSecondaryPayers),
  ...thirdPartyFields.flatMap(thirdPartyRoutes),
]
