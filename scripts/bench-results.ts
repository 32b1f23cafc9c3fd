/** The bars of all benchmarks in one table, as they were measured last. */

/** A line of a result that has a bar. */
export interface Measured {
  readonly benchmark: string
  /** When it was measured, `2026-11-27`. */
  readonly date: string
  readonly what: string
  readonly value: string
  /** `>= 92 %`, `<= 400 MB`. */
  readonly bar: string
  /** How far it is: 1 is at the bar, 0.5 half of what it should be, 2 twice as good. Absent where a rival is the bar. */
  readonly share: number | undefined
}

const row = /^\s*(?<what>\S.*?)\s{2,}(?<value>\S.*?)\s{2,}(?<bar>[<>]= .+|0)$/

/** Reads the text of a result (pure): every line with a bar. */
export function measuredIn(benchmark: string, text: string): Measured[] {
  const date = /^(?:benchmark \S+, )?(\d{4}-\d\d-\d\d)/m.exec(text)?.[1] ?? 'without date'
  return text.split('\n').flatMap((line) => {
    const { what, value, bar } = row.exec(line)?.groups ?? {}
    if (what === undefined || value === undefined || bar === undefined) return []
    return [{ benchmark, date, what, value, bar, share: shareOf(value, bar) }]
  })
}

/** Of `40 / 60 s` the last number counts. Where none at all is allowed, there is no half of the way. */
function shareOf(value: string, bar: string): number | undefined {
  const measured = Number(/([\d.]+)[^\d/]*$/.exec(value)?.[1])
  if (/^(?:<= )?0$/.test(bar)) return measured === 0 ? 1 : 0
  const limit = Number(/^[<>]= ([\d.]+)/.exec(bar)?.[1])
  if (!(measured > 0) || !(limit > 0)) return undefined
  return bar.startsWith('>') ? measured / limit : limit / measured
}

/** The table as text; what is below its bar says so. */
export function resultsTable(measured: readonly Measured[]): string {
  const lines = measured.map(({ benchmark, date, what, value, bar, share }) => {
    const far = share === undefined ? '' : `${share.toFixed(2)}x${share < 1 ? '  BELOW' : ''}`
    return [benchmark, what, value, bar, far, date]
  })
  const table = [['benchmark', 'measured', '', 'bar', 'of the bar', 'on'], ...lines]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0))) ?? []
  return table
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
