/** Makes a simulated practice and shows it to the server. */
import { appointmentAt, appointmentId, createAppointmentTable, statusOf } from './appointment-table.ts'
import { appointmentRecord } from './appointment-record.ts'
import { appointmentTypeRecord, makeAppointmentTypes, makeCancelReasons, makeReasons } from './appointment-type.ts'
import { departmentRecord, makeDepartments } from './department.ts'
import { patientRecord } from './patient-record.ts'
import { createPatientTable, patientExists, patientStatus } from './patient-table.ts'
import { populateSchedule } from './populate-schedule.ts'
import type { Practice, PracticeEvent, Show } from './practice.ts'
import { departmentById, providerById, typeById, type CustomField, type PracticeState } from './practice-state.ts'
import { makeProviders, providerRecord } from './provider.ts'
import { mixSeed } from './seeded-random.ts'
import { eastern, wallTime } from './zone-time.ts'

export interface PracticeOptions {
  /** The practice id in paths, e.g. 195900. */
  readonly id: number
  /** The same seed, id, size and time of making give the same practice. */
  readonly seed: number
  /** 100 to 1,000,000; ids are 1 to this. */
  readonly patients: number
  /** Virtual time, epoch ms: the calendar is filled from 30 days before now to 60 days after. */
  readonly now: () => number
}

/** Makes a practice: departments, providers, patients, and a calendar of open, booked, past and cancelled times. */
export function createPractice(options: PracticeOptions): Practice {
  return new SimulatedPractice(createPracticeState(options))
}

/** The domain behind a practice made by `createPractice`; throws for any other implementation. */
export function stateOf(practice: Practice): PracticeState {
  if (!(practice instanceof SimulatedPractice)) throw new TypeError('the practice was not made by createPractice')
  return practice.state
}

const customFields: readonly CustomField[] = [
  { id: '1', name: 'Legacy Patient ID', searchable: true, options: [] },
  {
    id: '22',
    name: 'Preferred Pharmacy Visit',
    searchable: false,
    options: [
      { id: '1', value: 'Pick up' },
      { id: '2', value: 'Delivery' },
    ],
  },
]

function createPracticeState({ id, seed, patients, now }: PracticeOptions): PracticeState {
  const own = mixSeed(seed, id)
  const openedAt = now()
  const departments = makeDepartments()
  const types = makeAppointmentTypes()
  const providers = makeProviders(own, patients, departments)
  const state: PracticeState = {
    id,
    seed: own,
    name: `Simulated Practice ${id}`,
    openedAt,
    now,
    departments,
    providers,
    types,
    reasons: makeReasons(types),
    cancelReasons: makeCancelReasons(),
    customFields,
    patients: createPatientTable({
      seed: own,
      count: patients,
      openedDay: wallTime(eastern, openedAt).day,
      departments,
      providersByDepartment: departments.map(({ index }) =>
        providers.filter((provider) => provider.home === index).map((provider) => provider.index),
      ),
    }),
    appointments: createAppointmentTable(1024),
    listeners: [],
    openedUntil: 0,
    latestAt: openedAt,
  }
  populateSchedule(state, openedAt)
  return state
}

class SimulatedPractice implements Practice {
  readonly id: number
  readonly state: PracticeState

  constructor(state: PracticeState) {
    this.id = state.id
    this.state = state
  }

  onEvent(listener: (event: PracticeEvent) => void): void {
    this.state.listeners.push(listener)
  }

  wireRecord(
    kind: Parameters<Practice['wireRecord']>[0],
    id: string,
    show?: Show,
  ): Record<string, unknown> | undefined {
    const { state } = this
    if (kind === 'appointments') {
      const position = appointmentAt(state.appointments, id)
      return position === undefined ? undefined : appointmentRecord(state, position)
    }
    if (kind === 'patients') {
      return patientExists(state.patients, Number(id)) ? patientRecord(state, Number(id), show) : undefined
    }
    if (kind === 'providers') {
      const provider = providerById(state, id)
      return provider === undefined ? undefined : providerRecord(provider, state.departments)
    }
    if (kind === 'departments') {
      const department = departmentById(state, id)
      return department === undefined ? undefined : departmentRecord(department, state.now())
    }
    const type = typeById(state, id)
    return type === undefined ? undefined : appointmentTypeRecord(type)
  }

  *ids(kind: Parameters<Practice['ids']>[0]): Iterable<string> {
    const { state } = this
    if (kind === 'appointments') {
      for (let position = 0; position < state.appointments.count; position += 1) {
        if (statusOf(state.appointments, position) !== 'deleted') yield appointmentId(position)
      }
    } else if (kind === 'patients') {
      for (let id = 1; id <= state.patients.count; id += 1) {
        if (patientStatus(state.patients, id) !== 'merged') yield String(id)
      }
    } else if (kind === 'providers') {
      for (const provider of state.providers) if (!provider.deleted) yield provider.id
    } else {
      for (const { id } of kind === 'departments' ? state.departments : state.types) yield id
    }
  }
}
