/** What is written about a result of a laboratory or of imaging, and about its analytes. */
import { joinNotes, writeAnalytes, type AnalyteFields } from '../practice/document-changes.ts'
import type { Document } from '../practice/document.ts'
import { labPanels } from '../practice/lab-panel.ts'
import type { PracticeState } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import type { ResultDetails } from '../practice/result-details.ts'
import { ReplyError, type Input } from '../route.ts'
import { invalid, invalidData } from '../server/reply.ts'
import { objectsField, textOf, type JsonObject } from './chart-requests.ts'

/** What was written about a result, before it is put with what is there. */
export interface WrittenResult {
  readonly details: Partial<ResultDetails>
  readonly analytes: readonly AnalyteFields[] | undefined
  readonly replacesPatientNote: boolean
}

/** The fields as sent; 400 for one that cannot be taken. */
export function resultFields(input: Input): WrittenResult {
  return {
    details: {
      ...panelFields(input),
      accessionId: input.text('accessionid'),
      internalAccessionId: input.text('internalaccessionidentifier'),
      facilityId: input.integer('facilityid'),
      orderId: input.integer('tietoorderid'),
      interpretation: input.text('interpretation'),
      resultNotes: input.text('resultnotes'),
      patientNote: input.text('notetopatient') ?? input.text('patientnote'),
      reportStatus: input.text('reportstatus'),
      // Free text, as its documentation says.
      resultStatus: input.text('resultstatus'),
      specimenReceived: isoField(input, 'specimenreceiveddatetime'),
      specimenReported: isoField(input, 'specimenreporteddatetime'),
    },
    analytes: objectsField(input, 'analytes')?.map(analyteFields),
    replacesPatientNote: input.flag('replacepatientnote'),
  }
}

/**
 * The result with what was written: notes go below those that are there unless they replace them. 400 for an analyte
 * without a name; refuses `point_of_care`.
 */
export function writtenResult(state: PracticeState, written: WrittenResult, there?: Document): Partial<ResultDetails> {
  const { details, replacesPatientNote } = written
  const old = there?.result
  const replaces = replacesPatientNote && details.patientNote !== undefined
  return {
    ...details,
    interpretation: joinNotes(old?.interpretation, details.interpretation),
    patientNote: joinNotes(replaces ? undefined : old?.patientNote, details.patientNote),
    analytes: joinedAnalytes(state, written.analytes, there),
  }
}

function panelFields(input: Input): Partial<ResultDetails> {
  const typeId = input.integer('documenttypeid')
  const loinc = labPanels.find((panel) => panel.typeId === typeId)?.loinc
  return loinc === undefined ? {} : { loinc }
}

/** A field of the form `yyyy-mm-ddThh:mm:ss` (documented), without a zone. */
function isoField(input: Input, name: string): string | undefined {
  const text = input.text(name)
  if (text === undefined) return undefined
  const isDate = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}Z`))
  if (!isDate) throw new ReplyError(invalid('datetime', text))
  return text
}

/** What the practice itself measured is not written over (documented). */
function joinedAnalytes(
  state: PracticeState,
  written: WrittenResult['analytes'],
  there: Document | undefined,
): ResultDetails['analytes'] {
  const old = there?.result?.analytes ?? []
  if (written === undefined) return old
  if (there !== undefined && isPointOfCare(there)) throw new Refusal('point_of_care')
  const unnamed = written.some(({ id, name }) => name === undefined && !old.some((analyte) => analyte.id === id))
  if (unnamed) throw new ReplyError(invalidData('The analytes field must hold an analytename for each analyte.'))
  return writeAnalytes(state, old, written)
}

function isPointOfCare({ typeId, source }: Document): boolean {
  return source === 'MANUAL' && labPanels.some((panel) => panel.inOffice && panel.typeId === typeId)
}

function analyteFields(object: JsonObject): AnalyteFields {
  const id = textOf(object, 'analyteid')
  return {
    ...(id === undefined ? {} : { id: Number(id) }),
    name: textOf(object, 'analytename'),
    loinc: textOf(object, 'loinc'),
    value: textOf(object, 'value'),
    units: textOf(object, 'units'),
    range: textOf(object, 'referencerange'),
    abnormalFlag: textOf(object, 'abnormalflag'),
    resultStatus: textOf(object, 'resultstatus'),
    note: textOf(object, 'note'),
  }
}
