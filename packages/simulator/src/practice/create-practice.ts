/** Makes a simulated practice and shows it to the server. */
import { patientOfAllergy } from './allergy-record.ts'
import { createAppointmentTable } from './appointment-table.ts'
import { makeAppointmentTypes, makeCancelReasons, makeReasons } from './appointment-type.ts'
import { patientOfClaim } from './claim-record.ts'
import { customFields } from './custom-fields.ts'
import { makeDepartments } from './department.ts'
import { patientOfMedication } from './medication-record.ts'
import { createPatientTable } from './patient-table.ts'
import { populateSchedule } from './populate-schedule.ts'
import type { Practice, PracticeEvent, RecordKind, Show, Sight } from './practice.ts'
import type { PracticeState } from './practice-state.ts'
import type { PracticeTraits } from './practice-traits.ts'
import { patientOfDocument } from './document-store.ts'
import { patientOfProblem } from './problem-record.ts'
import { makeProviders } from './provider.ts'
import { recordReaders } from './record-readers.ts'
import { limitsSight, seesPatient } from './restricted-patients.ts'
import { resolveScheduling, type SchedulingRules } from './scheduling-rules.ts'
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
  /** What the practice decides about scheduling itself; athenahealth's defaults if absent. */
  readonly scheduling?: Partial<SchedulingRules>
  /** In what the practice differs from others; see there for the defaults. */
  readonly traits?: Partial<PracticeTraits> | undefined
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

function createPracticeState({ id, seed, patients, now, scheduling, traits }: PracticeOptions): PracticeState {
  const own = mixSeed(seed, id)
  const openedAt = now()
  const departments = makeDepartments({ severalGroups: traits?.localCopies === true })
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
      traits,
      openedDay: wallTime(eastern, openedAt).day,
      departments,
      providersByDepartment: departments.map(({ index }) =>
        providers.filter((provider) => provider.home === index).map((provider) => provider.index),
      ),
    }),
    appointments: createAppointmentTable(1024),
    rules: resolveScheduling(scheduling),
    listeners: [],
    openedUntil: 0,
    latestAt: openedAt,
  }
  populateSchedule(state, openedAt)
  return state
}

/** Whose record it is, for the kinds that are hidden with a patient. */
const patientOfRecord: Readonly<Partial<Record<RecordKind, (state: PracticeState, id: string) => number>>> = {
  patients: (_, id) => Number(id),
  claims: patientOfClaim,
  documents: patientOfDocument,
  'documents/patientcase': patientOfDocument,
  labresults: patientOfDocument,
  imagingresults: patientOfDocument,
  prescriptions: patientOfDocument,
  'chart/healthhistory/problems': patientOfProblem,
  'chart/healthhistory/medication': patientOfMedication,
  'chart/healthhistory/allergies': patientOfAllergy,
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

  wireRecord(kind: RecordKind, id: string, show?: Show): Record<string, unknown> | undefined {
    return recordReaders[kind].record(this.state, id, show)
  }

  sees(kind: RecordKind, sight: Sight): ((id: string) => boolean) | undefined {
    const { patients } = this.state
    const patientOf = patientOfRecord[kind]
    if (patientOf === undefined || !limitsSight(patients, sight)) return undefined
    return (id) => seesPatient(patients, patientOf(this.state, id), sight)
  }

  ids(kind: RecordKind): Iterable<string> {
    return recordReaders[kind].ids(this.state)
  }
}
