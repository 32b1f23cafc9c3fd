/** The classes of athenahealth's documents: how each is called, listed and divided. */

export type DocumentClass =
  | 'ADMIN'
  | 'CLINICALDOCUMENT'
  | 'ENCOUNTERDOCUMENT'
  | 'IMAGINGRESULT'
  | 'LABRESULT'
  | 'LETTER'
  | 'MEDICALRECORD'
  | 'PATIENTCASE'
  | 'PHONEMESSAGE'
  | 'PHYSICIANAUTH'
  | 'PRESCRIPTION'

export interface DocumentClassRow {
  readonly name: DocumentClass
  /** Its part of paths: `/patients/{patientid}/documents/{segment}`. */
  readonly segment: string
  /** Name of its documents' ids. */
  readonly idField: string
  /** Name of the array in its list: recorded for admins, encounter documents and prescriptions, else inferred from them. */
  readonly listKey: string
  /** Its subclasses; a document of a class without any has the class's name there. */
  readonly subclasses: readonly string[]
  /** Whether further subclasses, which are not all known, are taken: any word behind the class's name. */
  readonly open?: boolean
}

const below = (name: DocumentClass, words: string): readonly string[] =>
  words.split(' ').map((word) => `${name}_${word}`)

const rows: readonly DocumentClassRow[] = [
  {
    name: 'ADMIN',
    segment: 'admin',
    idField: 'adminid',
    listKey: 'admins',
    subclasses: below(
      'ADMIN',
      'BILLING CONSENT HIPAA INSURANCEAPPROVAL INSURANCECARD INSURANCEDENIAL LEGAL MEDICALRECORDREQ REFERRAL SIGNEDFORMSLETTERS VACCINATIONRECORD',
    ),
  },
  {
    name: 'CLINICALDOCUMENT',
    segment: 'clinicaldocument',
    idField: 'clinicaldocumentid',
    listKey: 'clinicaldocuments',
    subclasses: [
      'CLINICALDOCUMENT',
      ...below('CLINICALDOCUMENT', 'ADMISSIONDISCHARGE CONSULTNOTE MENTALHEALTH OPERATIVENOTE URGENTCARE'),
    ],
  },
  {
    name: 'ENCOUNTERDOCUMENT',
    segment: 'encounterdocument',
    idField: 'encounterdocumentid',
    listKey: 'encounterdocuments',
    subclasses: below('ENCOUNTERDOCUMENT', 'IMAGEDOC PATIENTHISTORY PROCEDUREDOC PROGRESSNOTE'),
  },
  {
    name: 'MEDICALRECORD',
    segment: 'medicalrecord',
    idField: 'medicalrecordid',
    listKey: 'medicalrecords',
    subclasses: below('MEDICALRECORD', 'CHARTTOABSTRACT COUMADIN GROWTHCHART HISTORICAL PATIENTDIARY VACCINATION'),
  },
  {
    name: 'PHONEMESSAGE',
    segment: 'phonemessage',
    idField: 'phonemessageid',
    listKey: 'phonemessages',
    subclasses: ['PHONEMESSAGE'],
  },
  {
    name: 'IMAGINGRESULT',
    segment: 'imagingresult',
    idField: 'imagingresultid',
    listKey: 'imagingresults',
    subclasses: ['IMAGINGRESULT'],
  },
  {
    name: 'LABRESULT',
    segment: 'labresult',
    idField: 'labresultid',
    listKey: 'labresults',
    subclasses: ['LABRESULT'],
  },
  {
    name: 'LETTER',
    segment: 'letter',
    idField: 'letterid',
    listKey: 'letters',
    subclasses: ['LETTER', 'LETTER_SUMMARYCARERECORD'],
  },
  {
    name: 'PATIENTCASE',
    segment: 'patientcase',
    idField: 'patientcaseid',
    listKey: 'patientcases',
    subclasses: ['PATIENTCASE', 'PATIENTCASE_OTHER'],
    open: true,
  },
  {
    name: 'PHYSICIANAUTH',
    segment: 'physicianauth',
    idField: 'physicianauthid',
    listKey: 'physicianauths',
    subclasses: ['PHYSICIANAUTH'],
    open: true,
  },
  {
    name: 'PRESCRIPTION',
    segment: 'prescription',
    idField: 'prescriptionid',
    listKey: 'prescriptions',
    subclasses: ['PRESCRIPTION', 'PRESCRIPTION_RENEWAL'],
  },
]

const byName: ReadonlyMap<string, DocumentClassRow> = new Map(rows.map((row) => [row.name, row]))

export const documentClasses: readonly DocumentClassRow[] = rows

/** The row of a class. */
export function documentClass(name: DocumentClass): DocumentClassRow {
  const row = byName.get(name)
  if (row === undefined) throw new RangeError(`no class ${name}`)
  return row
}

/**
 * The subclass a class's own endpoint means: written in full, or without the class in front as recorded
 * (`PATIENTHISTORY`). Undefined when the class has none such.
 */
export function subclassOf(row: DocumentClassRow, text: string): string | undefined {
  const found = [text, `${row.name}_${text}`].find((name) => row.subclasses.includes(name))
  if (found !== undefined) return found
  return row.open === true && /^[A-Z]+_[A-Z]+$/.test(text) && text.startsWith(`${row.name}_`) ? text : undefined
}

const uploaded: ReadonlySet<DocumentClass> = new Set([
  'ADMIN',
  'CLINICALDOCUMENT',
  'ENCOUNTERDOCUMENT',
  'MEDICALRECORD',
  'PHONEMESSAGE',
])

/** The class of a subclass that the general upload files (documented list); undefined for any other. */
export function uploadClass(subclass: string): DocumentClassRow | undefined {
  return rows.find(({ name, subclasses }) => uploaded.has(name) && subclasses.includes(subclass))
}
