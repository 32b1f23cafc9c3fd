/** A claim as athenahealth shows it, in lists, by id and in the feed. */
import { dateText } from './calendar-date.ts'
import type { WireRecord } from './blank-patient.ts'
import { claimCharges } from './claim-charges.ts'
import { claimStages, payerStatuses, type PayerStatuses } from './claim-progress.ts'
import { claimAt, claimCreatedAt, claimId, claimPlace, claimTable, type Diagnosis } from './claim-table.ts'
import { conditionByIcd10 } from './chart-terms.ts'
import { procedureByCode } from './expected-procedures.ts'
import { seededInsurancesOf } from './patient-insurances.ts'
import type { Show } from './practice.ts'
import { listed, type PracticeState } from './practice-state.ts'
import type { RecordReader } from './record-readers.ts'
import { eastern, wallTime } from './zone-time.ts'

/** Ids of the insurances a claim is billed to, 0 for none. */
export function billedInsurances(state: PracticeState, index: number): readonly [primary: number, secondary: number] {
  const table = claimTable(state)
  const written = table.written.get(index)?.insurances
  if (written !== undefined) return written
  const patient = table.madeFor.get(index) ?? claimPlace(state, index).patient
  const policies = seededInsurancesOf(state, patient)
  const idOf = (sequence: number): number => Number(policies.find((policy) => policy.sequence === sequence)?.id ?? 0)
  return [idOf(1), idOf(2)]
}

/** The status of each payer's part, as it came to be or as it was set by hand. */
export function claimStatusesOf(state: PracticeState, index: number): Record<keyof PayerStatuses, string> {
  const table = claimTable(state)
  const [primary, secondary] = billedInsurances(state, index)
  const claim = { primary: primary !== 0, secondary: secondary !== 0, stage: table.stage.get(index) }
  return { ...payerStatuses(state, index, claim), ...table.written.get(index)?.statuses }
}

/** Ids of lines and diagnoses: a claim's own, one after the other. */
const partId = (index: number, part: number): string => `${claimId(index)}${String(part).padStart(2, '0')}`

/** Chapters of ICD-10-CM by first letter, in our words. */
const chapters: Readonly<Record<string, string>> = {
  A: 'Infections',
  D: 'Blood',
  E: 'Metabolism',
  F: 'Mental health',
  G: 'Nerves',
  H: 'Eyes and ears',
  I: 'Circulation',
  J: 'Breathing',
  K: 'Digestion',
  L: 'Skin',
  M: 'Muscles and bones',
  N: 'Kidneys and urinary tract',
  R: 'Symptoms',
  Z: 'Encounters without illness',
}

function diagnosisRecord(id: string, { code, codeSet }: Diagnosis): WireRecord {
  return {
    diagnosisid: id,
    diagnosisrawcode: code,
    diagnosiscodeset: codeSet,
    diagnosisdescription: conditionByIcd10(code)?.name ?? `Diagnosis ${code}`,
    diagnosiscategory: chapters[code.charAt(0).toUpperCase()] ?? 'Other',
    // Text in both eras (recorded).
    deleteddiagnosis: 'false',
  }
}

/** Every diagnosis of the claim once, in the order of its lines. */
function diagnosesOf(state: PracticeState, index: number): WireRecord[] {
  const named = new Map<string, Diagnosis>()
  for (const { diagnoses } of claimCharges(state, index)) {
    for (const diagnosis of diagnoses) named.set(`${diagnosis.codeSet} ${diagnosis.code}`, diagnosis)
  }
  return [...named.values()].map((diagnosis, part) => diagnosisRecord(partId(index, 50 + part), diagnosis))
}

/** The claim's lines as recorded: amounts are text. */
export function procedureRecords(state: PracticeState, index: number): WireRecord[] {
  return claimCharges(state, index).map(({ procedure, dollars }, part) => {
    const { words, category } = procedureByCode(procedure)
    return {
      transactionid: partId(index, part + 1),
      procedurecode: procedure,
      proceduredescription: words,
      procedurecategory: category,
      chargeamount: String(dollars),
    }
  })
}

/** The wire record of a claim (typed era). */
export function claimRecord(state: PracticeState, index: number, show: Show = {}): WireRecord {
  const { patient, department, provider, day } = claimPlace(state, index)
  const statuses = claimStatusesOf(state, index)
  const [primary, secondary] = billedInsurances(state, index)
  const procedures = procedureRecords(state, index)
  const record: WireRecord = {
    claimid: claimId(index),
    patientid: patient,
    departmentid: Number(listed(state.departments, department).id),
    billedproviderid: Number(listed(state.providers, provider).id),
    billedservicedate: dateText(day),
    claimcreateddate: dateText(wallTime(eastern, claimCreatedAt(state, index) * 1000).day),
    procedures,
    diagnoses: diagnosesOf(state, index),
    transactiondetails: Object.fromEntries(procedures.map((line) => [line['transactionid'], line['chargeamount']])),
    patientpayer: { status: statuses.patient },
    primaryinsurancepayer: { primarypatientinsuranceid: primary, status: statuses.primary },
    secondaryinsurancepayer: { secondarypatientinsuranceid: secondary, status: statuses.secondary },
  }
  if (show.customFields === true) record['customfields'] = customFieldsOf(state, index)
  return record
}

function customFieldsOf(state: PracticeState, index: number): WireRecord[] {
  const values = claimTable(state).written.get(index)?.customFields ?? {}
  return Object.entries(values).map(([customfieldid, customfieldvalue]) => ({ customfieldid, customfieldvalue }))
}

/** A claim that was voided is gone. */
export function isVoided(state: PracticeState, index: number): boolean {
  return claimTable(state).stage.get(index) === claimStages.voided
}

/** Id of the patient a claim is for; 0 for a claim there never was. */
export function patientOfClaim(state: PracticeState, id: string): number {
  const index = claimAt(state, id)
  return index === undefined ? 0 : claimPlace(state, index).patient
}

export const claimReader: RecordReader = {
  *ids(state) {
    const { count } = claimTable(state)
    for (let index = 0; index < count; index += 1) if (!isVoided(state, index)) yield claimId(index)
  },
  record(state, id, show) {
    const index = claimAt(state, id)
    return index === undefined ? undefined : claimRecord(state, index, show)
  },
}
