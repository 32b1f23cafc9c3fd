import { isSealedCell, type SqlResult } from '@aegis/server'
import { cutToWidth, textWidth, withoutControls } from './text-width.ts'

/** The longest a column of the table may be; the rest is for --json and --csv. */
const COLUMN_WIDTH_MAX = 60

/** A result as an aligned table, numbers to the right, and a last line with the number of rows. */
export function sqlTable(result: SqlResult): string {
  const cells = result.rows.map((row) => row.map((cell) => cutCell(withoutControls(cellText(cell)))))
  const isRight = result.columns.map((_, column) => result.rows.every((row) => isFigure(row[column])))
  const widths = result.columns.map((name, column) => {
    return Math.max(textWidth(name), ...cells.map((row) => textWidth(row[column] ?? '')))
  })
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => padded(text, widths[column] ?? 0, isRight[column] ?? false))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [line(result.columns.map(withoutControls)), rule, ...cells.map(line), countLine(result), ''].join('\n')
}

/** A result as CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in front. */
export function sqlCsv(result: SqlResult): string {
  const rows = [result.columns, ...result.rows.map((row) => row.map((cell) => csvText(cell)))]
  return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('')
}

function countLine({ rows, truncated }: SqlResult): string {
  const count = `${rows.length.toLocaleString('en-US')} ${rows.length === 1 ? 'row' : 'rows'}`
  return truncated ? `(the first ${count}; there are more: narrow the query)` : `(${count})`
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return ''
  if (isSealedCell(cell)) return '[sealed]'
  return typeof cell === 'string' ? cell : JSON.stringify(cell)
}

function isFigure(cell: unknown): boolean {
  return cell === null || typeof cell === 'number' || (typeof cell === 'string' && /^-?\d+(?:\.\d+)?$/.test(cell))
}

function cutCell(text: string): string {
  return textWidth(text) <= COLUMN_WIDTH_MAX ? text : `${cutToWidth(text, COLUMN_WIDTH_MAX - 1)}…`
}

function padded(text: string, width: number, isRight: boolean): string {
  const gap = ' '.repeat(Math.max(0, width - textWidth(text)))
  return isRight ? `${gap}${text}` : `${text}${gap}`
}

/** Negative numbers and telephone numbers are none. */
const FORMULA = /^(?:[=@\t\r]|[+-](?![\d() .-]*$))/

function csvText(cell: unknown): string {
  const text = cellText(cell)
  return typeof cell === 'string' && FORMULA.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
