/** The problem list of a patient's chart. */
import { addProblem, endProblem, noteProblems, updateProblem } from '../practice/problem-changes.ts'
import { lateralities, problemsIn, problemStatuses } from '../practice/problem-list.ts'
import { problemListState, problemRecord } from '../practice/problem-record.ts'
import { Refusal } from '../practice/refusal.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { failure, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { choiceField, requestedChart, requirePresent } from './chart-requests.ts'
import { dateField, pathNumber, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

function listProblems(context: RouteContext): Answer {
  const { input } = context
  const { state, patient } = requestedChart(context)
  const showInactive = input.flag('showinactive')
  const show = { diagnosisInfo: input.flag('showdiagnosisinfo') }
  const problems = problemsIn(state, patient).filter(({ ended }) => showInactive || ended === undefined)
  return ok({
    problems: problems.map((problem) => problemRecord(problem, show)),
    totalcount: problems.length,
    ...problemListState(state, patient),
  })
}

function writtenFields(input: Input) {
  return {
    startDay: dateField(input, 'startdate'),
    status: choiceField(input, 'status', problemStatuses),
    laterality: choiceField(input, 'laterality', lateralities),
    note: input.text('note'),
  }
}

function createProblem(context: RouteContext): Answer {
  const { input } = context
  const { state, patient } = requestedChart(context, ['snomedcode'])
  const snomed = input.integer('snomedcode') ?? 0
  try {
    const id = addProblem(state, { patient, snomed, ...writtenFields(input) }, stampOf(context))
    return success({ problemid: String(id) })
  } catch (error) {
    // Recorded: 200 that is a failure, and it repeats the code.
    if (error instanceof Refusal && error.code === 'unknown_condition')
      return failure(`Submitted snomedcode of '${snomed}' is not valid.`)
    throw error
  }
}

function changeProblem(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  const id = pathNumber(context, 'problemid')
  updateProblem(state, { patient, id, ...writtenFields(context.input) }, stampOf(context))
  return success({ problemid: String(id) })
}

function deleteProblem(context: RouteContext): Answer {
  const { state, patient } = requestedChart(context)
  const id = pathNumber(context, 'problemid')
  endProblem(state, { patient, id, remove: context.input.flag('remove') }, stampOf(context))
  return success()
}

function writeNote(context: RouteContext): Answer {
  const { input } = context
  const { state, patient } = requestedChart(context)
  const text = input.text('sectionnote')
  if (text !== undefined) noteProblems(state, { patient, text, replace: input.flag('replacenote') }, stampOf(context))
  return success()
}

function writeRequiredNote(context: RouteContext): Answer {
  requirePresent(context.input, ['sectionnote'])
  return writeNote(context)
}

const path = '/chart/{patientid}/problems'

export const problemRoutes: readonly Route[] = [
  { method: 'GET', path, handle: orError(listProblems) },
  { method: 'POST', path, handle: orError(createProblem) },
  { method: 'PUT', path, handle: orError(writeNote) },
  { method: 'PUT', path: `${path}/sectionnote`, handle: orError(writeRequiredNote) },
  { method: 'PUT', path: `${path}/{problemid}`, handle: orError(changeProblem) },
  { method: 'DELETE', path: `${path}/{problemid}`, handle: orError(deleteProblem) },
]
