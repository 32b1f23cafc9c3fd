import { characters, cutToWidth, textWidth, withoutControls } from '../text-width.ts'

/** A line of the terminal as parts with a tone; colour, width and characters are decided last, in `paint`. */
export type Tone = 'plain' | 'strong' | 'dim' | 'good' | 'warn' | 'bad' | 'alert'

export interface Span {
  readonly text: string
  readonly tone: Tone
}

export type Line = readonly Span[]

/** What the terminal can show. */
export interface Size {
  readonly columns: number
  readonly rows: number
  readonly color: boolean
  /** Whether it shows more than ASCII. */
  readonly unicode: boolean
}

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone }
}

const CODES: Readonly<Record<Tone, string>> = {
  plain: '',
  strong: '1',
  dim: '2',
  good: '32',
  warn: '33',
  bad: '31',
  alert: '1;37;41',
}

/** The line as text for a terminal: cut to its width, without anything that could move the cursor. */
export function paint(line: Line, { columns, color, unicode }: Size): string {
  const readable = line.map(({ text, tone }) => span(showable(text, unicode), tone))
  const fitting = cut(readable, columns, unicode)
  if (!color) return textOf(fitting).trimEnd()
  return fitting.map(({ text, tone }) => (CODES[tone] ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text)).join('')
}

/** How many columns a line takes. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0)
}

/** Both on one line, the second at the right edge; the second is left out where there is no room for it. */
export function spread(left: Line, right: Line, columns: number): Line {
  const gap = columns - widthOf(left) - widthOf(right)
  return gap < 2 ? left : [...left, span(' '.repeat(gap)), ...right]
}

/** The parts in front that fit into a line, with a mark between them; the first one is always among them. */
export function fitting(parts: readonly string[], columns: number): string {
  return parts.slice(1).reduce((line, part) => {
    const longer = `${line} · ${part}`
    return textWidth(longer) <= columns ? longer : line
  }, parts[0] ?? '')
}

/** The parts on as many lines as they need; every line after the first begins with `indent` blanks. */
export function flow(parts: readonly Line[], columns: number, indent: number): Line[] {
  const lines: Span[][] = [[]]
  let used = 0
  for (const part of parts) {
    const width = widthOf(part)
    if (used > 0 && used + width > columns) {
      lines.push([span(' '.repeat(indent))])
      used = indent
    }
    lines.at(-1)?.push(...part)
    used += width
  }
  return lines
}

/** A text on as many lines as it needs, broken between words; every line after the first begins with `indent` blanks. */
export function wrap(text: string, columns: number, indent: number): Line[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    const longer = `${last} ${word}`
    if (last === undefined) lines.push(word)
    else if (textWidth(longer) <= columns) lines[lines.length - 1] = longer
    else lines.push(`${' '.repeat(indent)}${word}`)
  }
  return lines.map((line) => [span(line)])
}

/**
 * The line on as many lines as it needs: a part that does not fit goes on in the next one, which begins with `indent` blanks, and
 * is broken between words only where it is longer than that.
 */
export function fold(line: Line, columns: number, indent: number): Line[] {
  const lines: Span[][] = [[]]
  let used = 0
  for (const { text, tone } of line) {
    if (used + textWidth(text.trimEnd()) <= columns) {
      lines.at(-1)?.push(span(text, tone))
      used += textWidth(text)
      continue
    }
    const isFirst = used === 0
    const texts = wrap(isFirst ? text : `${' '.repeat(indent)}${text.trim()}`, columns, indent).map(textOf)
    for (const [index, part] of texts.entries()) {
      if (isFirst && index === 0) lines.at(-1)?.push(span(part, tone))
      else lines.push([span(part, tone)])
      used = textWidth(part)
    }
  }
  return lines
}

/** The line without its tones. */
export function textOf(line: Line): string {
  return line.map(({ text }) => text).join('')
}

function cut(line: Line, columns: number, unicode: boolean): Line {
  const present = line.filter(({ text }) => text !== '')
  if (widthOf(present) <= columns) return present
  let left = columns - 1
  const kept: Span[] = []
  for (const { text, tone } of present) {
    const shown = cutToWidth(text, left)
    if (shown) kept.push(span(shown, tone))
    left -= textWidth(shown)
    if (shown !== text) break
  }
  return [...kept, span(unicode ? '…' : '~')]
}

const ASCII: Readonly<Record<string, string>> = { '·': '|', '→': '->', '—': '-', '↑': '+', '…': '...' }

function showable(text: string, unicode: boolean): string {
  const safe = withoutControls(text)
  if (unicode) return safe
  return characters(safe)
    .map((char) => (/^[ -~]$/.test(char) ? char : (ASCII[char] ?? '?')))
    .join('')
}
