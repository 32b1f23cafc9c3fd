/** A chart's laboratory results, and their analytes by themselves. */
import { chartDocuments } from '../practice/document-store.ts'
import { isPublished } from '../practice/document-readers.ts'
import { createdDay, encounterIdOf } from '../practice/document-record.ts'
import { analyteRecord, chartResultRecord } from '../practice/lab-record.ts'
import type { Document } from '../practice/document.ts'
import type { PracticeState } from '../practice/practice-state.ts'
import type { Analyte } from '../practice/result-details.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { list } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { requestedChart, type Chart } from './chart-requests.ts'
import { dayRange, latestFirst } from './document-requests.ts'

type Answer = ReturnType<Route['handle']>

/**
 * The results that are asked for, latest first (recorded). Dates are those of the result, not of its order, which is not
 * simulated; nothing in a simulated chart is hidden, superseded or a duplicate.
 */
function chartResults({ state, patient }: Chart, input: Input): Document[] {
  const isWanted = wantedResults(state, input)
  const results = chartDocuments(state, patient).filter((document) => document.class === 'LABRESULT')
  return latestFirst(results.filter((document) => document.status !== 'DELETED' && isWanted(document)))
}

function wantedResults(state: PracticeState, input: Input): (document: Document) => boolean {
  const inRange = dayRange(input)
  const encounter = input.integer('allresultsbyencounterid')
  const status = input.text('labresultstatus')?.toLowerCase()
  const analyteStatus = input.text('analyteresultstatus')?.toLowerCase()
  const portalOnly = input.flag('showportalonly')
  const repeats = ['exactduplicatedocumentid', 'supersededdocumentid'].map((name) => input.integer(name))
  const wantsRepeats = repeats.some((id) => id !== undefined)
  return (document) =>
    !wantsRepeats &&
    inRange(document.observedDay ?? createdDay(document)) &&
    (encounter === undefined || encounterIdOf(state, document) === String(encounter)) &&
    (status === undefined || (document.result !== undefined && hasStatus(document.result, status))) &&
    (analyteStatus === undefined || analytesOf(document).some((analyte) => hasStatus(analyte, analyteStatus))) &&
    (!portalOnly || isPublished(document))
}

function analytesOf({ result }: Document): readonly Analyte[] {
  return result?.analytes ?? []
}

function hasStatus({ resultStatus }: Pick<Analyte, 'resultStatus'>, wanted: string): boolean {
  return resultStatus?.toLowerCase() === wanted
}

function listResults(context: RouteContext): Answer {
  const chart = requestedChart(context)
  return list(context, {
    key: 'results',
    items: chartResults(chart, context.input),
    render: (document) => chartResultRecord(chart.state, document),
    defaultLimit: 1000,
  })
}

function listAnalytes(context: RouteContext): Answer {
  const chart = requestedChart(context)
  const status = context.input.text('analyteresultstatus')?.toLowerCase()
  const items = chartResults(chart, context.input).flatMap((document) =>
    analytesOf(document)
      .filter((analyte) => status === undefined || hasStatus(analyte, status))
      .map((analyte) => ({ document, analyte })),
  )
  return list(context, {
    key: 'analytes',
    items,
    render: ({ document, analyte }) => analyteRecord(chart.state, document, analyte),
    defaultLimit: 1000,
  })
}

export const labResultRoutes: readonly Route[] = [
  { method: 'GET', path: '/chart/{patientid}/labresults', handle: orError(listResults) },
  { method: 'GET', path: '/chart/{patientid}/analytes', handle: orError(listAnalytes) },
]
