/** Insurances of patients: added, changed, cancelled and brought back. */
import { dateText } from './calendar-date.ts'
import { openChart } from './chart-person.ts'
import { insurancePackage, pseudoPackages, selfPayId } from './insurance-packages.ts'
import { announcePatient } from './patient-changes.ts'
import { insurancesOf, insuranceTable, isInForce, type Insurance } from './patient-insurances.ts'
import { changeTime, listed, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { wallTime } from './zone-time.ts'

/** Today where the patient is registered: the day that counts for whether an insurance is in force. */
export function insuranceToday(state: PracticeState, patient: number): number {
  return wallTime(listed(state.departments, state.patients.department.get(patient)).zone, state.now()).day
}

/** A patient's insurances that are in force, by sequence. `patient` must not be a merged one. */
export function insurancesInForce(state: PracticeState, patient: number): readonly Insurance[] {
  const today = insuranceToday(state, patient)
  return insurancesOf(state, patient)
    .filter((insurance) => isInForce(insurance, today))
    .toSorted((a, b) => a.sequence - b.sequence)
}

export interface NewInsurance {
  readonly patient: number
  readonly packageId: number
  readonly sequence: number
  /** Checked (`insurance-fields.ts`). */
  readonly fields: Insurance['fields']
}

/** Keeps an insurance and tells of the patient (inferred: the patient's record shows its insurances when asked to). */
function keep(state: PracticeState, patient: number, insurances: readonly Insurance[]): void {
  insuranceTable(state).written.set(patient, insurances)
  announcePatient(state, patient, 'UpdatePatient')
}

/**
 * Refuses a sequence that another insurance has (`insurance_sequence_taken`), and one behind a gap
 * (`insurance_without_primary`).
 */
function checkSequence(others: readonly Insurance[], sequence: number): void {
  if (others.some((insurance) => insurance.sequence === sequence)) throw new Refusal('insurance_sequence_taken')
  for (let before = 1; before < sequence; before += 1) {
    if (!others.some((insurance) => insurance.sequence === before)) throw new Refusal('insurance_without_primary')
  }
}

/** Adds an insurance and answers it. Refuses `patient_gone`, `unknown_insurance_package` and what `checkSequence` does. */
export function addInsurance(state: PracticeState, insurance: NewInsurance, stamp: Stamp): Insurance {
  const { patient, packageId, sequence, fields } = insurance
  openChart(state, patient)
  if (insurancePackage(packageId) === undefined && !pseudoPackages.has(packageId)) {
    throw new Refusal('unknown_insurance_package')
  }
  checkSequence(insurancesInForce(state, patient), sequence)
  const known = insurancesOf(state, patient)
  const table = insuranceTable(state)
  changeTime(state, stamp)
  const id = String(table.nextId)
  table.nextId += 1
  const added: Insurance = { id, packageId, sequence, fields: given(fields), cancelled: undefined }
  keep(state, patient, [...known, added])
  return added
}

const given = (fields: Insurance['fields']): Insurance['fields'] =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))

export interface InsuranceChange {
  readonly patient: number
  readonly id: string
}

/** The insurance of a patient, in force or not, that is to change. Refuses `unknown_insurance`, `patient_gone`. */
function find(state: PracticeState, { patient, id }: InsuranceChange): Insurance {
  openChart(state, patient)
  const found = insurancesOf(state, patient).find((insurance) => insurance.id === id)
  if (found === undefined) throw new Refusal('unknown_insurance')
  return found
}

function replace(state: PracticeState, patient: number, changed: Insurance): void {
  const all = insurancesOf(state, patient)
  keep(
    state,
    patient,
    all.map((insurance) => (insurance.id === changed.id ? changed : insurance)),
  )
}

/** Changes what is given; an empty field is taken away. Refuses `unknown_insurance` and what `checkSequence` does. */
export function updateInsurance(
  state: PracticeState,
  change: InsuranceChange & { readonly fields: Insurance['fields']; readonly sequence?: number | undefined },
  stamp: Stamp,
): void {
  const { patient, fields } = change
  const known = find(state, change)
  const sequence = change.sequence ?? known.sequence
  if (sequence !== known.sequence) {
    checkSequence(
      insurancesInForce(state, patient).filter(({ id }) => id !== known.id),
      sequence,
    )
  }
  changeTime(state, stamp)
  replace(state, patient, { ...known, sequence, fields: given({ ...known.fields, ...fields }) })
}

/** Cancels an insurance as of today. Refuses `unknown_insurance`, also when it is cancelled already. */
export function cancelInsurance(
  state: PracticeState,
  change: InsuranceChange & { readonly note?: string | undefined },
  stamp: Stamp,
): void {
  const known = find(state, change)
  if (known.cancelled !== undefined) throw new Refusal('unknown_insurance')
  changeTime(state, stamp)
  const cancelled = dateText(insuranceToday(state, change.patient))
  replace(state, change.patient, { ...known, cancelled, cancellationNote: change.note })
}

/**
 * Brings back an insurance that was cancelled or has expired, until another day if one is given. Refuses
 * `unknown_insurance`, `insurance_in_force`, and what `checkSequence` does.
 */
export function reactivateInsurance(
  state: PracticeState,
  change: InsuranceChange & { readonly expires?: string | undefined },
  stamp: Stamp,
): void {
  const { patient, expires } = change
  const known = find(state, change)
  if (isInForce(known, insuranceToday(state, patient))) throw new Refusal('insurance_in_force')
  checkSequence(insurancesInForce(state, patient), known.sequence)
  changeTime(state, stamp)
  const { expirationdate: _, ...fields } = known.fields
  replace(state, patient, {
    ...known,
    cancelled: undefined,
    fields: expires === undefined ? fields : { ...fields, expirationdate: expires },
  })
}

/** True for a package under which the patient pays: it has no policy. */
export function isSelfPay(packageId: number): boolean {
  return packageId === selfPayId
}
