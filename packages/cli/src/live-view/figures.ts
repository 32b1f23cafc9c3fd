/** A count with its thousands apart: 12,345. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A length of time as people say it, in its largest fitting unit: '12 s', '3 min', '2 h', '4 d'. */
export function duration(ms: number): string {
  const length = Math.max(0, ms)
  if (length < 90 * SECOND) return `${Math.round(length / SECOND)} s`
  if (length < 90 * MINUTE) return `${Math.round(length / MINUTE)} min`
  if (length < 36 * HOUR) return `${Math.round(length / HOUR)} h`
  return `${Math.round(length / DAY)} d`
}

/** An ISO instant in UTC to the second: '2026-11-23 15:42:17 UTC'. */
export function instant(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

const BLOCKS = '▁▂▃▄▅▆▇█'
const ASCII_BLOCKS = '_.:-=+*#'

/** One character a value, as high as the value is beside the highest. Nothing but zeros is a flat line. */
export function sparkline(values: readonly number[], unicode: boolean): string {
  const blocks = unicode ? BLOCKS : ASCII_BLOCKS
  const highest = Math.max(1, ...values)
  return values.map((value) => blocks[Math.ceil((Math.max(0, value) / highest) * (blocks.length - 1))]).join('')
}

/** A bar of `width` characters, filled to the share; anything above zero shows. */
export function bar(share: number, width: number, unicode: boolean): string {
  const within = Math.min(1, Math.max(0, share))
  const filled = within > 0 ? Math.max(1, Math.round(within * width)) : 0
  const [full, empty] = unicode ? ['█', '░'] : ['#', '.']
  return `${full}`.repeat(filled) + `${empty}`.repeat(width - filled)
}
