import { textWidth } from '../text-width.ts'
import { type Line, span, textOf, type Tone, wrap } from './line.ts'

/** A row of a table: a name, and figures beside it. */
export interface FigureRow {
  readonly cells: readonly string[]
  readonly tone: Tone
}

const INDENT = 3

/** Between two columns at least, and the most a column of figures takes where there is room. */
const GAP = 2
const FIGURE_COLUMNS = 15

/** Beside figures a name has so many columns, or a line of its own. */
const NAME_COLUMNS_MIN = 12

/**
 * Names at the left and figures at the right, in so many columns. Where there is no room for both, figures move together first,
 * then names go on on further lines, and at last figures are below them.
 */
export function figureTable(head: FigureRow, rows: readonly FigureRow[], columns: number): Line[] {
  const all = [head, ...rows]
  const widest = (column: number) => Math.max(...all.map(({ cells }) => textWidth(cells[column] ?? '')))
  const figures = head.cells.slice(1).map((_, index) => widest(index + 1) + GAP)
  const room = (columns - INDENT - widest(0)) / Math.max(1, figures.length)
  const widths = figures.map((needed) => Math.max(needed, Math.min(FIGURE_COLUMNS, Math.floor(room))))
  const beside = columns - INDENT - widths.reduce((sum, width) => sum + width, 0)
  const isBelow = beside < Math.min(NAME_COLUMNS_MIN, widest(0))
  const nameWidth = isBelow ? columns - INDENT : beside
  return all.flatMap(({ cells: [name = '', ...values], tone }) => {
    const lines = wrap(name, nameWidth, 1).map(textOf)
    const shown = values.map((value, index) => ' '.repeat((widths[index] ?? 0) - textWidth(value)) + value).join('')
    if (isBelow) return [...lines, shown].map((text) => [span(' '.repeat(INDENT) + text, tone)])
    const [first = '', ...further] = lines
    const padded = first + ' '.repeat(Math.max(0, nameWidth - textWidth(first)))
    return [padded + shown, ...further].map((text) => [span(' '.repeat(INDENT) + text, tone)])
  })
}
