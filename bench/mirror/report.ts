import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'

const [loadBefore = 0] = loadavg()

/** A line of a table: what, how much, and the bar it is held against. */
export type Row = readonly [name: string, value: string, bar?: string]

/** Prints a benchmark's text, and with `--save` keeps it as `bench/results/<name>.txt`. */
export function publish(name: string, title: string, parts: readonly (readonly Row[] | string)[]): void {
  const [cpu] = cpus()
  const table = (rows: readonly Row[]) =>
    rows.map(([what, value, bar = '']) => `${what.padEnd(40)}${value.padStart(14)}   ${bar}`.trimEnd())
  const text = [
    title,
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${process.platform} ${process.arch}, ` +
      `${cpus().length} x ${cpu?.model ?? 'unknown CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ` +
      `load ${loadBefore.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after`,
    '',
    ...parts.flatMap((part) => (typeof part === 'string' ? [part] : [...table(part), ''])),
    '',
  ].join('\n')
  process.stdout.write(text)
  if (!process.argv.includes('--save')) return
  const folder = join(import.meta.dirname, '..', 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.txt`), text)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** The number behind a flag such as `--runs 3`. */
export function flag(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`)
  const given = at === -1 ? Number.NaN : Number(process.argv[at + 1])
  return Number.isFinite(given) ? given : otherwise
}

export const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
export const perSecond = (count: number, ms: number): number => (count / ms) * 1000
