/*
 * Lists, three ways: record by record, page by page, and a page at a time when you keep the place yourself.
 *
 *   npm run example examples/read-a-list.ts [first day] [last day]     days as 2026-03-02; default: the week from today
 */
import { addDays, readPlainDate } from '@aegis/client'
import { connect } from './connect.ts'

const today = new Date().toISOString().slice(0, 10)
const startdate = readPlainDate(process.argv[2] ?? today)
const enddate = readPlainDate(process.argv[3] ?? (startdate && addDays(startdate, 6)) ?? '')
if (!startdate || !enddate) throw new Error('a day is written 2026-03-02')

const practice = connect()
const booked = practice.appointments.booked({ startdate, enddate, limit: 50 })

// 1. Record by record. Nothing is sent before this line, and the next page is fetched only when it is needed.
const perDay = new Map<string, number>()
for await (const { date } of booked) if (date) perDay.set(date, (perDay.get(date) ?? 0) + 1)
for (const date of [...perDay.keys()].sort()) console.log(`${date}  ${perDay.get(date)} appointments`)

// 2. Page by page. A record that cannot be read would have stopped the loop above; a page names it and goes on.
let pages = 0
let records = 0
for await (const page of booked.pages()) {
  pages += 1
  records += page.items.length
  for (const fault of page.faults) console.log(`record ${fault.index} of page ${pages} is unreadable: ${fault.field}`)
}
console.log(`${records} records on ${pages} pages`)

// 3. One page at a time: store `next`, stop, and go on another day. Here: the first two pages.
const first = await booked.fetchPage()
const second = first.next === undefined ? undefined : await booked.fetchPage({ next: first.next })
console.log(`of ${first.totalCount ?? 'unknown'} in total, ${first.items.length} and then ${second?.items.length ?? 0}`)
