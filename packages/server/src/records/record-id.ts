import { isRecord, type WireRecord } from './wire-record.ts'

/** An id as athenahealth sends it, a number or text; undefined for what is none. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined
  return typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value) ? value : undefined
}

/** Former ids of a patient as sent with `showpreviouspatientids`: list, comma list or single value (shape unconfirmed). */
export function previousPatientIds(record: WireRecord): string[] {
  const sent = record.previouspatientids ?? record.previouspatientid
  return listOf(sent).flatMap((item) => {
    const value = isRecord(item) ? (item.previouspatientid ?? item.patientid) : item
    return idOf(typeof value === 'string' ? value.trim() : value) ?? []
  })
}

function listOf(sent: unknown): readonly unknown[] {
  if (Array.isArray(sent)) return sent
  if (typeof sent === 'string') return sent.split(',')
  return sent === undefined ? [] : [sent]
}
