/** A practice of a few records for tests of the server alone: the smallest thing that honours the contract. */
import type { Practice, PracticeEvent } from '../src/practice/practice.ts'
import type { Route } from '../src/route.ts'
import { invalid, list, missingFields, notFound, ok, one } from '../src/server/reply.ts'
import type { SimulatorParts } from '../src/server/start-simulator.ts'

export type Change = Omit<PracticeEvent, 'at'> & { readonly fields?: Record<string, unknown> }

/** Changes a record, or makes it, and says so: what the day and the staff do in a real practice. */
export interface TinyPractice extends Practice {
  change(change: Change): void
}

const idFields: Readonly<Record<string, string>> = {
  appointments: 'appointmentid',
  patients: 'patientid',
  providers: 'providerid',
}

function tinyPractice(options: { id: number; patients: number; now: () => number }): TinyPractice {
  const { id, patients, now } = options
  const listeners: ((event: PracticeEvent) => void)[] = []
  const tables = new Map<string, Map<string, Record<string, unknown>>>()
  const table = (kind: string) => {
    const known = tables.get(kind) ?? new Map<string, Record<string, unknown>>()
    tables.set(kind, known)
    return known
  }
  for (let number = 1; number <= patients; number += 1) {
    table('patients').set(String(number), { patientid: String(number), firstname: 'Zoë', departmentid: '1' })
  }
  table('departments').set('1', { departmentid: '1', timezoneoffset: -5, ishospitaldepartment: false })
  return {
    id,
    onEvent: (listener) => void listeners.push(listener),
    wireRecord: (kind, record) => table(kind).get(record),
    ids: (kind) => table(kind).keys(),
    change({ feed, name, id: record, departmentId, fields }) {
      const known = table(feed).get(record)
      table(feed).set(record, { [idFields[feed] ?? 'id']: record, ...known, ...fields })
      for (const listener of listeners) listener({ feed, name, id: record, departmentId, at: now() })
    },
  }
}

const tinyRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/patients/{patientid}',
    handle({ practice, path }) {
      const record = practice.wireRecord('patients', path.patientid ?? '')
      return record === undefined ? notFound() : one(record)
    },
  },
  {
    method: 'GET',
    path: '/departments',
    handle: (context) => {
      const { practice } = context
      return list(context, {
        key: 'departments',
        items: [...practice.ids('departments')],
        render: (id) => practice.wireRecord('departments', id),
      })
    },
  },
  {
    method: 'PUT',
    path: '/patients/{patientid}',
    handle({ input, path }) {
      if (input.text('departmentid') === undefined) return missingFields(['departmentid'])
      return ok([{ patientid: path.patientid, firstname: input.text('firstname') ?? null }])
    },
  },
  { method: 'PUT', path: '/appointments/booked/{appointmentid}', handle: () => ok(1) },
  { method: 'POST', path: '/refuse', handle: () => invalid('integer', 'x') },
  {
    method: 'GET',
    path: '/practiceinfo',
    handle: (context) =>
      list(context, {
        key: 'practiceinfo',
        items: context.reachable,
        render: ({ id }) => ({ practiceid: String(id) }),
      }),
  },
  {
    method: 'GET',
    path: '/defect',
    handle: () => {
      throw new Error('planned defect')
    },
  },
]

export interface TinyParts extends SimulatorParts {
  readonly practices: Map<number, TinyPractice>
}

/** The parts of a simulator of tiny practices, and the practices it made. */
export function tinyParts(): TinyParts {
  const practices = new Map<number, TinyPractice>()
  return {
    practices,
    routes: tinyRoutes,
    createPractice(options) {
      const practice = tinyPractice(options)
      practices.set(options.id, practice)
      return practice
    },
    startDay(practice, { clock }) {
      let next: { cancel(): void } | undefined
      const book = () => {
        next = clock.timer(60_000, book)
        practices
          .get(practice.id)
          ?.change({ feed: 'appointments', name: 'ScheduleAppointment', id: String(clock.now()), departmentId: '1' })
      }
      next = clock.timer(60_000, book)
      return { stop: () => next?.cancel() }
    },
    applyChange(practice, change) {
      if (typeof change !== 'object' || change === null || !('feed' in change)) throw new TypeError('give a feed')
      // The test's own shape, which the test sends.
      practices.get(practice.id)?.change(change as Change)
      return { done: true }
    },
  }
}
