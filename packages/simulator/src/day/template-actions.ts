/** What staff do to the time itself: frozen, thawed, added, taken away. */
import type { SlotPlace } from '../practice/appointment-table.ts'
import { weekdayOf } from '../practice/calendar-date.ts'
import { isHoliday } from '../practice/holidays.ts'
import { aheadDays } from '../practice/populate-schedule.ts'
import { listed } from '../practice/practice-state.ts'
import { addSlot, deleteSlot, setFrozen } from '../practice/slot-changes.ts'
import type { Action } from './calendar-actions.ts'
import { staffStamp, type Day } from './day.ts'
import { cancelledRows, dayRows, localDay, pickDay, pickRow } from './pick-rows.ts'

const frozenMost = 6
const sunday = 0
const saturday = 6
/** Slots of a session that is added or called off. */
const sessionSlots = 4
/** A session that is called off is far enough ahead that nobody need be called. */
const calledOffDays = 21

/** Freezes a slot, or thaws the one frozen longest when several are. */
export const freezeOrThaw: Action = (day, department) => {
  const oldest = day.frozen.length > frozenMost || day.random.chance(0.3) ? day.frozen.shift() : undefined
  if (oldest !== undefined) {
    setFrozen(day.state, { position: oldest, frozen: false }, staffStamp(day))
    return true
  }
  const position = pickRow(day, department, 'open')
  if (position === undefined) return false
  setFrozen(day.state, { position, frozen: true }, staffStamp(day))
  day.frozen.push(position)
  return true
}

/** Adds a slot to a day that has lost some, or takes an open one from a day that has not. */
export const adjustSlots: Action = (day, department) => {
  const { state, random } = day
  const date = pickDay(day, department)
  const { open, booked } = dayRows(day, department, date)
  const cancelled = cancelledRows(day, department, date)
  const isTemplate = (position: number): boolean => state.appointments.template.get(position) === 0
  const opened = [...open, ...booked, ...cancelled].filter(isTemplate)
  if (open.length + booked.length < opened.length && cancelled.length > 0) return addLike(day, random.pick(cancelled))
  if (open.length === 0) return false
  deleteSlot(state, random.pick(open), staffStamp(day))
  return true
}

/** A slot at the time of another row, whatever became of that. */
function addLike(day: Day, position: number): boolean {
  const { appointments: table } = day.state
  const place = {
    day: table.day.get(position),
    start: table.start.get(position),
    minutes: table.minutes.get(position),
    department: table.department.get(position),
    provider: table.provider.get(position),
    type: table.templateType.get(position),
    template: position,
  }
  addSlot(day.state, place, staffStamp(day))
  return true
}

/** A provider takes a few hours off weeks ahead, before they fill, or works a few more on a day that was free. */
export const changeSession: Action = (day, department) =>
  day.random.chance(0.5) ? callOff(day, department) : addSession(day, department)

function callOff(day: Day, department: number): boolean {
  const { state, random } = day
  const { appointments: table } = state
  const date = localDay(day, department) + random.between(calledOffDays, aheadDays)
  const { open } = dayRows(day, department, date)
  if (open.length === 0) return false
  const provider = table.provider.get(random.pick(open))
  const session = open.filter((position) => table.provider.get(position) === provider).slice(0, sessionSlots)
  for (const position of session) deleteSlot(state, position, staffStamp(day))
  return true
}

function addSession(day: Day, department: number): boolean {
  const { state, random } = day
  const date = localDay(day, department) + random.between(3, aheadDays)
  const weekday = weekdayOf(date)
  if (weekday === sunday || weekday === saturday || isHoliday(date)) return false
  const free = state.providers.filter(
    ({ home, week, deleted }) => home === department && !deleted && week[weekday] === undefined,
  )
  if (free.length === 0) return false
  const provider = random.pick(free)
  const generic = state.types.find(
    ({ generic, durationMinutes }) => generic && durationMinutes === provider.slotMinutes,
  )
  const { opens } = listed(state.departments, department)
  for (let slot = 0; slot < sessionSlots; slot += 1) {
    const place: SlotPlace = {
      day: date,
      start: opens + slot * provider.slotMinutes,
      minutes: provider.slotMinutes,
      department,
      provider: provider.index,
      type: generic?.index ?? 0,
    }
    addSlot(state, place, staffStamp(day))
  }
  return true
}
