import pg from 'pg'

type Parse = (text: string) => unknown

const oid = { date: 1082, timestamp: 1114, timestamptz: 1184, interval: 1186 }
const arrayOid = { date: 1182, timestamp: 1115, timestamptz: 1185, interval: 1187, int8: 1016, numeric: 1231 }

const textArrayOid = 1009
// The driver's declaration knows neither the type ids of arrays nor that this parser yields strings and nulls.
const parserOf = pg.types.getTypeParser as unknown as (id: number) => (text: string) => (string | null)[]
const textArray = parserOf(textArrayOid)

const asText: Parse = (text) => text
const parsers = new Map<number, Parse>([
  [oid.timestamptz, epochMs],
  [oid.date, asText],
  [oid.timestamp, asText],
  [oid.interval, asText],
  [arrayOid.timestamptz, (text) => textArray(text).map((item) => (item === null ? null : epochMs(item)))],
  [arrayOid.date, textArray],
  [arrayOid.timestamp, textArray],
  [arrayOid.interval, textArray],
  [arrayOid.int8, textArray],
  [arrayOid.numeric, textArray],
])

/** How columns arrive: see `Tx.rows`. Everything not named above as the driver does it. */
export const columnTypes = {
  getTypeParser: (id: number, format?: 'text' | 'binary'): Parse =>
    parsers.get(id) ?? pg.types.getTypeParser(id, format),
}

const isoPattern =
  /^(?!00)(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d{1,6})?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/

/**
 * PostgreSQL's text of a timestamptz as epoch milliseconds. Microseconds stay, as the fraction: a value read and sent
 * back with `to_timestamp($1::float8 / 1000)` is the same instant. `Date` would cut them off, and `x <= $1` would then
 * skip the very row it came from. 'infinity' becomes Infinity.
 */
export function epochMs(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY
  if (text === '-infinity') return Number.NEGATIVE_INFINITY
  const found = isoPattern.exec(text)
  if (!found) throw new RangeError('A timestamptz before the year 100 cannot be read')
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute, zoneSecond] = found
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const offsetSeconds = Number(zoneHour) * 3600 + Number(zoneMinute ?? 0) * 60 + Number(zoneSecond ?? 0)
  const micros = fraction ? Number(fraction.slice(1).padEnd(6, '0')) : 0
  return wall - (sign === '-' ? -1 : 1) * offsetSeconds * 1000 + micros / 1000
}

/**
 * A parameter as it goes over the wire: null, text or bytes. Objects and arrays become JSON text; the driver alone would
 * turn an array into a PostgreSQL array literal. `undefined` is refused: it is a forgotten value, not a null.
 */
export function wireValue(value: unknown): string | Buffer | null {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'object':
      if (value === null) return null
      if (Buffer.isBuffer(value)) return value
      if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      if (value instanceof Date) return value.toISOString()
      return JSON.stringify(value)
    default:
      throw new TypeError(`A value of type ${typeof value} cannot be a statement's parameter`)
  }
}
