/** Document types: the finer kinds within a subclass, which `documenttypeid` names and `description` shows. */

export interface DocumentType {
  readonly id: number
  readonly description: string
  readonly subclass: string
}

type Row = readonly [id: number, description: string, subclass: string]

/** 386265 and 423482 are in public use; the other ids and most names are ours. */
const rows: readonly Row[] = [
  [386265, 'lab result', 'LABRESULT'],
  [386301, 'CBC w/ auto diff', 'LABRESULT'],
  [386302, 'basic metabolic panel', 'LABRESULT'],
  [386303, 'lipid panel', 'LABRESULT'],
  [386304, 'hemoglobin A1c', 'LABRESULT'],
  [386305, 'TSH', 'LABRESULT'],
  [386306, 'rapid strep group A, throat', 'LABRESULT'],
  [386307, 'urinalysis, dipstick', 'LABRESULT'],
  [391401, 'imaging result', 'IMAGINGRESULT'],
  [391402, 'XR, chest, 2 views', 'IMAGINGRESULT'],
  [391403, 'US, abdomen', 'IMAGINGRESULT'],
  [391404, 'mammogram, screening', 'IMAGINGRESULT'],
  [423482, 'clinical note', 'CLINICALDOCUMENT'],
  [423483, 'discharge summary', 'CLINICALDOCUMENT_ADMISSIONDISCHARGE'],
  [423484, 'consult note', 'CLINICALDOCUMENT_CONSULTNOTE'],
  [423485, 'mental health note', 'CLINICALDOCUMENT_MENTALHEALTH'],
  [423486, 'operative note', 'CLINICALDOCUMENT_OPERATIVENOTE'],
  [423487, 'urgent care visit', 'CLINICALDOCUMENT_URGENTCARE'],
  [288737, 'external records', 'ADMIN_MEDICALRECORDREQ'],
  [288738, 'billing document', 'ADMIN_BILLING'],
  [288739, 'consent to treatment', 'ADMIN_CONSENT'],
  [288740, 'notice of privacy practices', 'ADMIN_HIPAA'],
  [288741, 'insurance approval', 'ADMIN_INSURANCEAPPROVAL'],
  [288742, 'insurance card', 'ADMIN_INSURANCECARD'],
  [288743, 'insurance denial', 'ADMIN_INSURANCEDENIAL'],
  [288744, 'legal document', 'ADMIN_LEGAL'],
  [288745, 'referral', 'ADMIN_REFERRAL'],
  [288746, 'signed form or letter', 'ADMIN_SIGNEDFORMSLETTERS'],
  [288747, 'vaccination record', 'ADMIN_VACCINATIONRECORD'],
  [301201, 'image', 'ENCOUNTERDOCUMENT_IMAGEDOC'],
  [301202, 'patient history', 'ENCOUNTERDOCUMENT_PATIENTHISTORY'],
  [301203, 'procedure documentation', 'ENCOUNTERDOCUMENT_PROCEDUREDOC'],
  [301204, 'progress note', 'ENCOUNTERDOCUMENT_PROGRESSNOTE'],
  [305301, 'chart to abstract', 'MEDICALRECORD_CHARTTOABSTRACT'],
  [305302, 'anticoagulation record', 'MEDICALRECORD_COUMADIN'],
  [305303, 'growth chart', 'MEDICALRECORD_GROWTHCHART'],
  [305304, 'historical medical record', 'MEDICALRECORD_HISTORICAL'],
  [305305, 'patient diary', 'MEDICALRECORD_PATIENTDIARY'],
  [305306, 'vaccination history', 'MEDICALRECORD_VACCINATION'],
  [312001, 'phone message', 'PHONEMESSAGE'],
  [315001, 'letter', 'LETTER'],
  [315002, 'summary of care record', 'LETTER_SUMMARYCARERECORD'],
  [318001, 'patient case', 'PATIENTCASE'],
  [318002, 'other patient case', 'PATIENTCASE_OTHER'],
  [321001, 'physician authorization', 'PHYSICIANAUTH'],
  [324001, 'prescription', 'PRESCRIPTION'],
  [324002, 'prescription - renewal', 'PRESCRIPTION_RENEWAL'],
]

/** All types, in order of their ids. */
export const documentTypes: readonly DocumentType[] = rows
  .map(([id, description, subclass]) => ({ id, description, subclass }))
  .sort((left, right) => left.id - right.id)

const byId: ReadonlyMap<number, DocumentType> = new Map(documentTypes.map((type) => [type.id, type]))

export function documentTypeById(id: number): DocumentType | undefined {
  return byId.get(id)
}

/** The type that a document of a subclass has unless another is named; for an unknown subclass that of its class. */
export function usualType(subclass: string): DocumentType {
  const row =
    rows.find((candidate) => candidate[2] === subclass) ?? rows.find((row) => subclass.startsWith(`${row[2]}_`))
  const type = row && byId.get(row[0])
  if (type === undefined) throw new RangeError(`no document type of ${subclass}`)
  return type
}
