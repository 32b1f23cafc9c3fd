/** Pharmacies and laboratories that patients can choose, and what they chose. Invented; every practice has the same. */
import type { WireRecord } from './blank-patient.ts'
import { updatePatient } from './patient-changes.ts'
import { practicePart } from './practice-part.ts'
import { changeTime, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'

export type FacilityKind = 'pharmacy' | 'laboratory'

export interface ClinicalFacility {
  readonly id: number
  readonly kind: FacilityKind
  /** Number of a pharmacy in the list of all (NCPDP); these are nobody's. */
  readonly ncpdpId: string | undefined
  readonly name: string
  readonly address: string
  readonly city: string
  readonly state: string
  readonly zip: string
  readonly phone: string
  readonly fax: string
}

type Row = readonly [kind: FacilityKind, name: string, place: string, areaCode: string]

const rows: readonly Row[] = [
  ['pharmacy', 'Corner Pharmacy', '12 Prospect Ave|ALBANY|NY|12207', '518'],
  ['pharmacy', 'Riverbend Drugs', '200 Canal St|RICHMOND|VA|23219', '804'],
  ['pharmacy', 'Lakeview Pharmacy', '31 Shore Rd|MADISON|WI|53703', '608'],
  ['pharmacy', 'Mesa Pharmacy', '404 Mesa Dr|TUCSON|AZ|85701', '520'],
  ['pharmacy', 'Harbor Pharmacy', '9 Wharf St|SEATTLE|WA|98101', '206'],
  ['laboratory', 'Capital Laboratory', '88 State St|ALBANY|NY|12207', '518'],
  ['laboratory', 'Old Dominion Laboratory', '5 Grace St|RICHMOND|VA|23219', '804'],
  ['laboratory', 'Desert Diagnostics', '77 Stone Ave|TUCSON|AZ|85701', '520'],
]

export const clinicalFacilities: readonly ClinicalFacility[] = rows.map(([kind, name, place, areaCode], index) => {
  const [address = '', city = '', state = '', zip = ''] = place.split('|')
  const number = (line: number): string => `${areaCode}55501${String(line).padStart(2, '0')}`
  const ncpdpId = kind === 'pharmacy' ? String(9_990_001 + index) : undefined
  const reach = { phone: number(70 + index), fax: number(80 + index) }
  return { id: 11_240_001 + index, kind, ncpdpId, name, address, city, state, zip, ...reach }
})

interface Chosen {
  /** Ids, the first chosen first. */
  readonly pharmacies: readonly number[]
  readonly laboratory: number | undefined
}

const nothing: Chosen = { pharmacies: [], laboratory: undefined }
const chosenPart = practicePart(() => new Map<number, Chosen>())

/** The facility of an id or, of a pharmacy, its number in the list of all. Refuses `unknown_clinical_provider`. */
export function facilityOf(kind: FacilityKind, named: { id?: number | undefined; ncpdpId?: string | undefined }) {
  const found = clinicalFacilities.find(
    (facility) =>
      facility.kind === kind &&
      (named.id === undefined ? facility.ncpdpId === named.ncpdpId : facility.id === named.id),
  )
  if (found === undefined) throw new Refusal('unknown_clinical_provider')
  return found
}

/** What the patient's record names as default; undefined for none, or one that is not in our list. */
export function defaultPharmacy({ patients }: PracticeState, patient: number): ClinicalFacility | undefined {
  const number = patients.edits.get(patient)?.['defaultpharmacyncpdpid'] ?? ''
  return number === '' ? undefined : clinicalFacilities.find(({ ncpdpId }) => ncpdpId === number)
}

export function defaultLaboratory(state: PracticeState, patient: number): ClinicalFacility | undefined {
  const id = chosenPart(state).get(patient)?.laboratory
  return clinicalFacilities.find((facility) => facility.id === id)
}

/** The pharmacies a patient likes, the default one among them. */
export function preferredPharmacies(state: PracticeState, patient: number): readonly ClinicalFacility[] {
  const chosen = new Set(chosenPart(state).get(patient)?.pharmacies)
  const usual = defaultPharmacy(state, patient)
  if (usual !== undefined) chosen.add(usual.id)
  return clinicalFacilities.filter(({ id }) => chosen.has(id))
}

function choose(state: PracticeState, patient: number, chosen: Partial<Chosen>): void {
  const table = chosenPart(state)
  table.set(patient, { ...nothing, ...table.get(patient), ...chosen })
}

/** The patient's usual pharmacy from now on, as the patient's record shows it; it is liked as well. */
export function setDefaultPharmacy(
  state: PracticeState,
  { patient, pharmacy }: { patient: number; pharmacy: ClinicalFacility },
  stamp: Stamp,
): void {
  likePharmacy(state, { patient, pharmacy }, stamp)
  updatePatient(state, { id: patient, fields: { defaultpharmacyncpdpid: pharmacy.ncpdpId ?? '' } }, stamp)
}

export function likePharmacy(
  state: PracticeState,
  { patient, pharmacy }: { patient: number; pharmacy: ClinicalFacility },
  stamp: Stamp,
): void {
  changeTime(state, stamp)
  const known = chosenPart(state).get(patient)?.pharmacies ?? []
  choose(state, patient, { pharmacies: [...known.filter((id) => id !== pharmacy.id), pharmacy.id] })
}

/** Refuses `unknown_record` when the patient does not have it. */
export function dropPharmacy(
  state: PracticeState,
  { patient, pharmacy }: { patient: number; pharmacy: ClinicalFacility },
  stamp: Stamp,
): void {
  if (!preferredPharmacies(state, patient).includes(pharmacy)) throw new Refusal('unknown_record')
  changeTime(state, stamp)
  const known = chosenPart(state).get(patient)?.pharmacies ?? []
  choose(state, patient, { pharmacies: known.filter((id) => id !== pharmacy.id) })
  if (defaultPharmacy(state, patient) === pharmacy) {
    updatePatient(state, { id: patient, fields: { defaultpharmacyncpdpid: '' } }, stamp)
  }
}

/** Sets the patient's usual laboratory, or with none takes it away. */
export function setDefaultLaboratory(
  state: PracticeState,
  { patient, laboratory }: { patient: number; laboratory: ClinicalFacility | undefined },
  stamp: Stamp,
): void {
  changeTime(state, stamp)
  choose(state, patient, { laboratory: laboratory?.id })
}

/** A facility in its recorded wire shape; of a laboratory also whether it takes faxes. */
export function facilityRecord(facility: ClinicalFacility): WireRecord {
  return {
    clinicalproviderid: facility.id,
    clinicalprovidername: facility.name,
    address1: facility.address,
    city: facility.city,
    state: facility.state,
    zip: facility.zip,
    phonenumber: facility.phone,
    faxnumber: facility.fax,
    ...(facility.kind === 'laboratory' && { acceptfax: true }),
  }
}
