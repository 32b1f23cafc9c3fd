import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'
import { defaultCancelReasonId } from '../practice/appointment-type.ts'

const api = practiceApi({ patients: 1500 })
const everything = [...api.practice.ids('appointments')].map((id) => api.practice.wireRecord('appointments', id) ?? {})

/** The same ids, in whatever order, each as often. */
function assertSameIds(found: readonly unknown[], expected: readonly unknown[]): void {
  const inOrder = (ids: readonly unknown[]) => ids.map(Number).sort((a, b) => a - b)
  assert.deepEqual(inOrder(found), inOrder(expected))
}

type Row = Readonly<Record<string, unknown>>
const isBooked = ({ appointmentstatus }: Row) => ['f', '2', '3', '4'].includes(String(appointmentstatus))
/** `MM/DD/YYYY …` in an order that compares. */
const sortable = (text: unknown) => String(text).replace(/^(\d\d)\/(\d\d)\/(\d{4})/, '$3-$1-$2')
const between = (text: unknown, from: string, to: string) => {
  const value = sortable(text)
  return value >= sortable(from) && value <= sortable(to)
}

const filters: readonly (readonly [query: string, holds: (row: Row) => boolean])[] = [
  ['', isBooked],
  ['&departmentid=41', (row) => isBooked(row) && row['departmentid'] === '41'],
  ['&providerid=72,74', (row) => isBooked(row) && ['72', '74'].includes(String(row['providerid']))],
  ['&providerid=72&providerid=74', (row) => isBooked(row) && ['72', '74'].includes(String(row['providerid']))],
  ['&appointmenttypeid=11', (row) => isBooked(row) && row['appointmenttypeid'] === '11'],
  ['&appointmentstatus=4', (row) => row['appointmentstatus'] === '4'],
  ['&showcancelled=true', (row) => isBooked(row) || row['appointmentstatus'] === 'x'],
  [
    '&startlastmodified=11/20/2026 08:00:00&endlastmodified=11/22/2026 12:00:00',
    (row) => isBooked(row) && between(row['lastmodified'], '11/20/2026 08:00:00', '11/22/2026 12:00:00'),
  ],
  [
    '&scheduledstartdate=11/10/2026&scheduledenddate=11/12/2026',
    (row) => isBooked(row) && between(row['scheduleddatetime'], '11/10/2026 00:00:00', '11/12/2026 23:59:59'),
  ],
]

for (const path of ['booked', 'booked/multipledepartment']) {
  for (const [query, holds] of filters) {
    test(`/appointments/${path}${query} lists exactly what it holds for, by date and start`, () => {
      const found = api.rows(
        `GET /appointments/${path}?startdate=11/02/2026&enddate=12/15/2026&limit=5000${query.replaceAll(' ', '%20')}`,
      )
      const expected = everything
        .filter((row) => holds(row) && between(row['date'], '11/02/2026', '12/15/2026'))
        .map((row) => row['appointmentid'])
      assert.ok(expected.length > 0)
      assertSameIds(
        found.map(({ appointmentid }) => appointmentid),
        expected,
      )
      const order = found.map((row) => `${sortable(row['date'])} ${row['starttime']} ${row['appointmentid']}`)
      assert.deepEqual(order, order.toSorted())
    })
  }
}

test('several departments and patients at once', () => {
  const query = 'startdate=10/25/2026&enddate=01/20/2027&limit=5000'
  const departments = api.rows(`GET /appointments/booked/multipledepartment?${query}&departmentid=1,61`)
  assert.deepEqual(new Set(departments.map((row) => row['departmentid'])), new Set(['1', '61']))
  const patients = api.rows(`GET /appointments/booked/multipledepartment?${query}&patientid=3&patientid=4`)
  const expected = everything.filter((row) => isBooked(row) && ['3', '4'].includes(String(row['patientid'])))
  assertSameIds(
    patients.map((row) => row['appointmentid']),
    expected.map((row) => row['appointmentid']),
  )
})

test('a booked page has 1,000 rows by default and the next one starts behind it', () => {
  const query = 'startdate=10/20/2026&enddate=02/01/2027'
  const body = api.call(`GET /appointments/booked?${query}`).body as Record<string, unknown>
  const rows = api.rows(`GET /appointments/booked?${query}`)
  assert.equal(rows.length, 1000)
  assert.equal(body['totalcount'], everything.filter(isBooked).length)
  assert.equal(
    body['next'],
    '/v1/195900/appointments/booked?ENDDATE=02%2F01%2F2027&STARTDATE=10%2F20%2F2026&offset=1000',
  )
})

test('copay is left out when not wanted, details come when they are', () => {
  const query = 'GET /appointments/booked?startdate=12/01/2026&enddate=12/01/2026&limit=1'
  assert.equal('copay' in (api.rows(`${query}&showcopay=false`)[0] ?? {}), false)
  const [row] = api.rows(`${query}&showpatientdetail=true&showinsurance=true&showclaimdetail=true`)
  const { patient, patientid, insurances, claims } = row ?? {}
  assert.equal(new Map(Object.entries(patient ?? {})).get('patientid'), patientid)
  assert.ok(Array.isArray(insurances) && Array.isArray(claims))
})

for (const [what, query, status] of [
  ['no dates', '', 400],
  ['one date', 'startdate=11/02/2026', 400],
  ['a date that is none', 'startdate=11/02/2026&enddate=2026-12-01', 400],
  ['a last-modified that is none', 'startdate=11/02/2026&enddate=11/02/2026&startlastmodified=yesterday', 400],
  ['a status that is none', 'startdate=11/02/2026&enddate=11/02/2026&appointmentstatus=z', 400],
  ['a provider that is no number', 'startdate=11/02/2026&enddate=11/02/2026&providerid=a', 400],
  ['a department of another practice', 'startdate=11/02/2026&enddate=11/02/2026&departmentid=999', 200],
] as const) {
  test(`booked with ${what} answers ${status}`, () => {
    const reply = api.call(`GET /appointments/booked?${query}`)
    assert.equal(reply.status, status)
    if (status === 200) assert.deepEqual(reply.body, { appointments: [], totalcount: 0 })
  })
}

const openIds = (query: string) =>
  api.rows(`GET /appointments/open?${query}&limit=5000`).map(({ appointmentid }) => String(appointmentid))
const openRows = (from: string, to: string, holds: (row: Row) => boolean = () => true) =>
  everything
    .filter((row) => row['appointmentstatus'] === 'o' && between(row['date'], from, to) && holds(row))
    .map((row) => row['appointmentid'])

test('open slots: a week from today by default, without those of the next 24 hours', () => {
  const ids = openIds('departmentid=1&reasonid=-1')
  const inDepartment = (row: Row) => row['departmentid'] === '1'
  const later = openRows('11/25/2026', '11/30/2026', inDepartment)
  const tomorrowAfterTen = openRows(
    '11/24/2026',
    '11/24/2026',
    (row) => inDepartment(row) && String(row['starttime']) >= '10:00',
  )
  assertSameIds(ids, [...tomorrowAfterTen, ...later])
})

test('open slots: all of the day when the time checks are bypassed', () => {
  const ids = openIds(
    'departmentid=1,21&reasonid=-1&bypassscheduletimechecks=true&startdate=11/23/2026&enddate=11/23/2026',
  )
  const expected = openRows('11/23/2026', '11/23/2026', ({ departmentid }) =>
    ['1', '21'].includes(String(departmentid)),
  )
  assertSameIds(ids, expected)
})

test('open slots: none further ahead than 90 days unless the time checks are bypassed', () => {
  const own = practiceApi({ patients: 100 })
  const place = { department: '1', provider: '71', date: '02/25/2027', time: '09:00', type: '82' }
  const [id = ''] = applyChange(own.practice, { kind: 'addslot', ...place }).appointments
  const list = (query: string) =>
    own
      .rows(`GET /appointments/open?departmentid=1&reasonid=-1&startdate=02/25/2027${query}`)
      .map(({ appointmentid }) => String(appointmentid))
  assert.deepEqual(list(''), [])
  assert.deepEqual(list('&bypassscheduletimechecks=true'), [id])
})

test('open slots: neither reason nor type lists nothing', () => {
  assert.deepEqual(api.call('GET /appointments/open?departmentid=1').body, { appointments: [], totalcount: 0 })
})

test('open slots: a department is required, and with a reason a provider too', () => {
  const missing = (request: string) => (api.call(request).body as Row)['missingfields']
  assert.deepEqual(missing('GET /appointments/open?reasonid=-1'), ['departmentid'])
  assert.deepEqual(missing('GET /appointments/open?departmentid=1&reasonid=563'), ['providerid'])
})

test('open slots: a type lists its own slots and every generic one, also those it is too long for', () => {
  const types = (id: string) =>
    new Set(
      api
        .rows(`GET /appointments/open?departmentid=1,21,41,61&appointmenttypeid=${id}&enddate=01/15/2027&limit=5000`)
        .map(({ appointmenttypeid }) => appointmenttypeid),
    )
  const [visit, newPatient] = [types('2'), types('8')]
  assert.ok(visit.has(82) && visit.has(83) && visit.has(84) && !visit.has(8))
  assert.ok(newPatient.has(82) && newPatient.has(83) && newPatient.has(84) && newPatient.has(8) && !newPatient.has(2))
})

test('open slots: those listed for a reason longer than they are can be booked where two are in a row, else not', () => {
  const own = practiceApi({ patients: 300 })
  const place = { departmentid: '1', providerid: '71', appointmentdate: '12/03/2026', appointmenttypeid: '82' }
  const form = new URLSearchParams({ ...place, appointmenttime: '06:00,06:15,07:00' }).toString()
  own.call('POST /appointments/open', form)
  const query = 'departmentid=1&providerid=71&reasonid=541&startdate=12/03/2026&enddate=12/03/2026&limit=5000'
  const list = () => own.rows(`GET /appointments/open?${query}`).filter(({ starttime }) => String(starttime) < '07:15')
  assert.deepEqual(
    list().map(({ starttime, duration }) => [starttime, duration]),
    [
      ['06:00', 15],
      ['06:15', 15],
      ['07:00', 15],
    ],
  )
  const [first, , alone] = list().map(({ appointmentid }) => String(appointmentid))
  assert.equal(own.call(`PUT /appointments/${alone}`, 'patientid=3&reasonid=541').status, 409)
  assert.equal(own.record(`PUT /appointments/${first}`, 'patientid=3&reasonid=541')['duration'], 30)
  assert.deepEqual(
    list().map(({ appointmentid }) => String(appointmentid)),
    [alone],
  )
})

test('open slots: a frozen one is hidden unless asked for, a booked one is gone', () => {
  const own = practiceApi({ patients: 300 })
  const list = (query = '') =>
    own
      .rows(`GET /appointments/open?departmentid=1&reasonid=-1&enddate=12/31/2026&limit=5000${query}`)
      .map(({ appointmentid }) => String(appointmentid))
  const [frozen = '', booked = '', free = ''] = list()
  applyChange(own.practice, { kind: 'freeze', appointment: frozen })
  applyChange(own.practice, { kind: 'book', appointment: booked, patient: 1 })
  assert.ok(!list().includes(frozen) && !list().includes(booked) && list().includes(free))
  assert.ok(list('&showfrozenslots=true').includes(frozen))
  applyChange(own.practice, { kind: 'unfreeze', appointment: frozen })
  applyChange(own.practice, { kind: 'cancel', appointment: booked, reason: defaultCancelReasonId })
  assert.ok(list().includes(frozen) && !list().includes(booked))
})

test('a reason echoes itself on the slots it lists, and needs its own notice', () => {
  const provider = api.rows('GET /appointments/open?departmentid=1&reasonid=-1')[0]?.['providerid']
  const rows = api.rows(
    `GET /appointments/open?departmentid=1&reasonid=901&providerid=${provider}&enddate=12/20/2026&limit=5000`,
  )
  for (const row of rows) {
    assert.deepEqual(row['reasonid'], ['901'])
    // An annual physical needs 48 hours' notice.
    assert.ok(sortable(row['date']) >= '2026-11-25')
  }
})

test('a department hidden in the portal is listed only when all are asked for', () => {
  const ids = (query: string) => api.rows(`GET /departments${query}`).map(({ departmentid }) => departmentid)
  assert.deepEqual(ids(''), ['1', '21', '41', '61', '81', '101'])
  assert.deepEqual(ids('?showalldepartments=true'), ['1', '21', '41', '61', '81', '101', '121'])
  assert.equal(api.call('GET /departments/7').status, 404)
})

test('a deleted provider leaves the list and answers by id only when deleted ones are wanted', () => {
  const own = practiceApi({ patients: 100 })
  applyChange(own.practice, { kind: 'deleteprovider', provider: 72 })
  const listed = own.rows('GET /providers').map(({ providerid }) => providerid)
  assert.ok(listed.length === 11 && !listed.includes(72))
  assert.equal(own.call('GET /providers/72').status, 404)
  assert.equal(own.record('GET /providers/72?showdeletedproviders=true')['providerid'], 72)
})

test('slots added through the API answer a map of ids to times', () => {
  const own = practiceApi({ patients: 100 })
  const form =
    'appointmentdate=12/01/2026&appointmenttime=08:00,08:15&departmentid=1&providerid=71&appointmenttypeid=82'
  const { appointmentids } = own.record('POST /appointments/open', form)
  const ids = own.events.map(({ id }) => id)
  assert.deepEqual(appointmentids, { [ids[0] ?? '']: '08:00', [ids[1] ?? '']: '08:15' })
  for (const [what, wrong] of [
    ['type', form.replace('&appointmenttypeid=82', '')],
    ['time', form.replace('08:15', '8 o clock')],
    ['date', form.replace('12/01/2026', '13/01/2026')],
    ['provider', form.replace('providerid=71', 'providerid=1')],
  ] as const) {
    assert.equal(own.call('POST /appointments/open', wrong).status, 400, what)
  }
  assert.equal(own.events.length, 2)
})
