/** The mix of requests of the benchmark: 70 % reads by id, 15 % lists, 10 % feeds, 5 % writes. */
import type { NextRequest } from './closed-loop.ts'

export interface MixOptions {
  readonly host: string
  readonly token: string
  readonly practiceId: number
  readonly patients: number
  readonly appointmentIds: readonly string[]
  /** Slots that can be booked, each once and for its own type. */
  readonly openSlots: readonly { readonly id: string; readonly typeId: string }[]
  /** `MM/DD/YYYY` of days with appointments. */
  readonly dates: readonly string[]
  readonly departmentIds: readonly string[]
  readonly seed: number
}

const feeds = ['appointments', 'patients', 'providers']

/** An endless, seeded sequence of requests; the same seed asks the same. */
export function mixedRequests(options: MixOptions): NextRequest {
  const random = seededRandom(options.seed)
  const pick = (items: readonly string[]) => items[Math.floor(random() * items.length)] ?? ''
  const patient = () => String(1 + Math.floor(random() * options.patients))
  const open = [...options.openSlots]
  const byId = () =>
    random() < 0.5 ? get(`/patients/${patient()}`) : get(`/appointments/${pick(options.appointmentIds)}`)
  const lists = [
    () => get(`/patients?departmentid=${pick(options.departmentIds)}&limit=10`),
    () => {
      const date = pick(options.dates)
      return get(
        `/appointments/booked?departmentid=${pick(options.departmentIds)}&startdate=${date}&enddate=${date}&limit=50`,
      )
    },
    () => get(`/departments?limit=10`),
  ]
  const list = () => lists[Math.floor(random() * lists.length)]?.() ?? ''
  const feed = () => get(`/${pick(feeds)}/changed?limit=1000`)
  const write = () => {
    const slot = random() < 0.5 ? open.pop() : undefined
    if (slot !== undefined) {
      const fields = `patientid=${patient()}&appointmenttypeid=${slot.typeId}&ignoreschedulablepermission=true`
      return put(`/appointments/${slot.id}`, fields)
    }
    const digits = String(Math.floor(random() * 100)).padStart(2, '0')
    return put(`/patients/${patient()}`, `homephone=555-555-01${digits}`)
  }
  return () => {
    const share = random()
    if (share < 0.7) return byId()
    if (share < 0.85) return list()
    return share < 0.95 ? feed() : write()
  }

  function get(path: string): string {
    return `GET /v1/${options.practiceId}${path} HTTP/1.1\r\n${head(options)}\r\n`
  }

  function put(path: string, form: string): string {
    const type = 'Content-Type: application/x-www-form-urlencoded'
    return `PUT /v1/${options.practiceId}${path} HTTP/1.1\r\n${head(options)}${type}\r\nContent-Length: ${form.length}\r\n\r\n${form}`
  }
}

function head({ host, token }: MixOptions): string {
  return `Host: ${host}\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n`
}

/** Mulberry32: small, seeded, good enough to spread requests. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
