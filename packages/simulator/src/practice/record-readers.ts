/** Each kind of records of a practice: which there are, and what one looks like. */
import { allergyReader } from './allergy-record.ts'
import { appointmentAt, appointmentId, statusOf } from './appointment-table.ts'
import { appointmentRecord } from './appointment-record.ts'
import { showDetails } from './appointment-shown.ts'
import { appointmentTypeRecord } from './appointment-type.ts'
import { claimReader } from './claim-record.ts'
import { departmentRecord } from './department.ts'
import {
  documentReader,
  imagingResultReader,
  labResultReader,
  patientCaseReader,
  prescriptionReader,
} from './document-readers.ts'
import { medicationReader } from './medication-record.ts'
import { patientRecord } from './patient-record.ts'
import { patientExists, patientStatus } from './patient-table.ts'
import type { RecordKind, Show } from './practice.ts'
import { departmentById, providerById, typeById, type PracticeState } from './practice-state.ts'
import { problemReader } from './problem-record.ts'
import { providerRecord } from './provider.ts'
import { referringProviderReader } from './referring-provider.ts'

/** How the records of one kind are found. */
export interface RecordReader {
  /** Ids of every record that still answers as itself, in no particular order. */
  ids(state: PracticeState): Iterable<string>
  /** The record in wire shape, typed era; undefined when there never was one. */
  record(state: PracticeState, id: string, show?: Show): Record<string, unknown> | undefined
}

const appointments: RecordReader = {
  *ids({ appointments }) {
    for (let position = 0; position < appointments.count; position += 1) {
      if (statusOf(appointments, position) !== 'deleted') yield appointmentId(position)
    }
  },
  record(state, id, show) {
    const position = appointmentAt(state.appointments, id)
    if (position === undefined) return undefined
    const record = appointmentRecord(state, position)
    if (show !== undefined) showDetails(state, position, { record, show })
    return record
  },
}

const patients: RecordReader = {
  *ids({ patients }) {
    for (let id = 1; id <= patients.count; id += 1) {
      if (patientStatus(patients, id) !== 'merged') yield String(id)
    }
  },
  record: (state, id, show) =>
    patientExists(state.patients, Number(id)) ? patientRecord(state, Number(id), show) : undefined,
}

const providers: RecordReader = {
  *ids({ providers }) {
    for (const provider of providers) if (!provider.deleted) yield provider.id
  },
  record(state, id) {
    const provider = providerById(state, id)
    return provider === undefined ? undefined : providerRecord(provider, state.departments)
  },
}

const departments: RecordReader = {
  ids: ({ departments }) => departments.map(({ id }) => id),
  record(state, id) {
    const department = departmentById(state, id)
    return department === undefined ? undefined : departmentRecord(department, state.now())
  },
}

const appointmentTypes: RecordReader = {
  ids: ({ types }) => types.map(({ id }) => id),
  record(state, id) {
    const type = typeById(state, id)
    return type === undefined ? undefined : appointmentTypeRecord(type)
  },
}

export const recordReaders: Readonly<Record<RecordKind, RecordReader>> = {
  departments,
  providers,
  appointmenttypes: appointmentTypes,
  patients,
  appointments,
  claims: claimReader,
  referringproviders: referringProviderReader,
  documents: documentReader,
  'documents/patientcase': patientCaseReader,
  labresults: labResultReader,
  imagingresults: imagingResultReader,
  prescriptions: prescriptionReader,
  'chart/healthhistory/problems': problemReader,
  'chart/healthhistory/medication': medicationReader,
  'chart/healthhistory/allergies': allergyReader,
}
