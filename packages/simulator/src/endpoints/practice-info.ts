/** `GET /ping` and `GET /practiceinfo`. */
import { dateText } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import type { Practice } from '../practice/practice.ts'
import { eastern, wallTime } from '../practice/zone-time.ts'
import type { Route } from '../route.ts'
import { list, ok } from '../server/reply.ts'

function practiceRecord(practice: Practice): Record<string, unknown> {
  const state = stateOf(practice)
  return {
    practiceid: String(state.id),
    name: state.name,
    publicnames: [state.name],
    golivedate: dateText(wallTime(eastern, state.openedAt).day - 1000),
    experiencemode: 'STANDARD',
    hasclinicals: true,
    hascollector: true,
    hascommunicator: true,
    iscoordinatorsender: false,
    iscoordinatorreceiver: false,
    nsaenabled: true,
    ccmenabled: false,
  }
}

export const practiceInfoRoutes: readonly Route[] = [
  // "true" as text: the form in athenahealth's page on checking the API's status.
  { method: 'GET', path: '/ping', handle: () => ok({ pong: 'true' }) },
  {
    method: 'GET',
    path: '/practiceinfo',
    handle: (context) => list(context, { key: 'practiceinfo', items: context.reachable, render: practiceRecord }),
  },
]
