import { textWidth } from '../text-width.ts'
import { type Line, span, type Tone, wrap } from './line.ts'

/** A row of a table: a name, and figures beside it. */
export interface FigureRow {
  readonly cells: readonly string[]
  readonly tone: Tone
}

const INDENT = 3

/** Between two columns at least, and the most a column of figures takes where there is room. */
const GAP = 2
const FIGURE_COLUMNS = 15

/**
 * Names at the left and figures at the right, in so many columns. Where there is no room for both, figures move together first,
 * and then names go on on further lines.
 */
export function figureTable(head: FigureRow, rows: readonly FigureRow[], columns: number): Line[] {
  const all = [head, ...rows]
  const widest = (column: number) => Math.max(...all.map(({ cells }) => textWidth(cells[column] ?? '')))
  const figures = head.cells.slice(1).map((_, index) => widest(index + 1) + GAP)
  const room = (columns - INDENT - widest(0)) / Math.max(1, figures.length)
  const widths = figures.map((needed) => Math.max(needed, Math.min(FIGURE_COLUMNS, Math.floor(room))))
  const nameWidth = Math.max(1, columns - INDENT - widths.reduce((sum, width) => sum + width, 0))
  return all.flatMap(({ cells: [name = '', ...values], tone }) => {
    const [first = '', ...further] = wrap(name, nameWidth, 1).map((line) => line.map(({ text }) => text).join(''))
    const padded = first + ' '.repeat(Math.max(0, nameWidth - textWidth(first)))
    const shown = values.map((value, index) => ' '.repeat((widths[index] ?? 0) - textWidth(value)) + value)
    const indent = ' '.repeat(INDENT)
    return [[span(indent + padded + shown.join(''), tone)], ...further.map((rest) => [span(indent + rest, tone)])]
  })
}
