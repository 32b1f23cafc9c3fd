/** What happens to the kinds that are mirrored where they are wanted, for the tests of sync and the rig. */
import { type MirroredPractice, practice } from './mirrored-practice.ts'
import type { WireRecord } from './oracle.ts'

type TrueKind = Parameters<MirroredPractice['simulator']['truth']['records']>[1]

/** The true records of a kind, of patients that are not about to be deleted or merged by the tests. */
function records(mirrored: MirroredPractice, kind: TrueKind): WireRecord[] {
  return [...mirrored.simulator.truth.records(practice, kind)].filter(({ patientid }) => Number(patientid ?? 99) > 5)
}

/** One record of each further kind comes, changes and goes. The same each time but for what was there before. */
export function liveThroughFurther(mirrored: MirroredPractice): void {
  const first = (kind: TrueKind) => records(mirrored, kind)[0] ?? {}
  const last = (kind: TrueKind) => records(mirrored, kind).at(-1) ?? {}
  const { change } = mirrored
  const make = change.bind(mirrored)
  const patient = 6
  make({ kind: 'addlabresult', patient })
  make({ kind: 'addpatientcase', patient, subject: 'A question' })
  make({ kind: 'adddocument', patient, subclass: 'IMAGINGRESULT' })
  make({ kind: 'adddocument', patient, subclass: 'PRESCRIPTION' })
  make({ kind: 'updatedocument', document: first('labresults').labresultid, note: 'Seen.' })
  make({ kind: 'updatedocument', document: first('documents/patientcase').patientcaseid, note: 'Called back.' })
  make({ kind: 'deletedocument', document: last('labresults').labresultid })
  make({ kind: 'addproblem', patient, snomed: 38341003 })
  for (const problem of [first('chart/healthhistory/problems')])
    make({ kind: 'updateproblem', patient: problem.patientid, problem: problem.problemid, note: 'Stable.' })
  for (const problem of [last('chart/healthhistory/problems')])
    make({ kind: 'endproblem', patient: problem.patientid, problem: problem.problemid, remove: true })
  for (const entry of records(mirrored, 'chart/healthhistory/medication').slice(0, 1))
    make({ kind: 'deletemedication', patient: entry.patientid, entry: entry.medicationentryid })
  make({ kind: 'addmedication', patient, medication: 240112 })
  make({ kind: 'setallergy', patient, allergen: 12109, note: 'Hives.' })
  for (const allergy of [first('chart/healthhistory/allergies')])
    make({ kind: 'endallergy', patient: allergy.patientid, allergen: allergy.allergenid })
  make({ kind: 'voidclaim', claim: last('claims').claimid })
  make({ kind: 'advanceclaim', claim: openClaim(records(mirrored, 'claims')) })
  make({ kind: 'deletereferringprovider', referringprovider: last('referringproviders').referringproviderid })
  const referringprovider = first('referringproviders').referringproviderid
  make({ kind: 'updatereferringprovider', referringprovider, fields: { city: 'SALEM' } })
  make({ kind: 'addreferringprovider', fields: { lastname: 'Marigold', firstname: 'Ada' } })
}

/** A claim that still has a step before it. */
function openClaim(claims: readonly WireRecord[]): unknown {
  const isOpen = (payer: unknown) => Reflect.get(Object(payer), 'status') !== 'CLOSED'
  return claims.find((claim) => isOpen(claim.patientpayer))?.claimid
}
