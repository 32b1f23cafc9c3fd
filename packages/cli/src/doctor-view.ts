import type { Examination, Finding } from '@aegis/server'
import { count } from './live-view/figures.ts'
import { type Line, paint, type Size, span, type Tone, wrap } from './live-view/line.ts'

const LEVELS: Readonly<Record<Finding['level'], { readonly word: string; readonly tone: Tone }>> = {
  ok: { word: 'ok', tone: 'good' },
  warning: { word: 'warning', tone: 'warn' },
  failure: { word: 'FAILURE', tone: 'bad' },
  skipped: { word: 'skipped', tone: 'dim' },
}

const ENVIRONMENT_TONES = { production: 'alert', preview: 'warn', local: 'strong' } as const

/** What the doctor found as text: area by area, each failure and warning with its remedy. */
export function renderExamination({ environment, home, findings }: Examination, size: Omit<Size, 'rows'>): string[] {
  const whole = { ...size, rows: Number.POSITIVE_INFINITY }
  const areas = Map.groupBy(findings, ({ area }) => area)
  const named: Line = environment === undefined ? [] : [span(` ${environment} `, ENVIRONMENT_TONES[environment])]
  const lines: Line[] = [[span(' Aegis doctor ', 'strong'), ...named, span(` ${home}`)], []]
  for (const [area, found] of areas) {
    lines.push([span(` ${area}`, 'dim')], ...found.flatMap((finding) => findingLines(finding, size.columns)))
  }
  return [...lines, [], summary(findings)].map((line) => paint(line, whole))
}

/** Blanks, the level, a blank. */
const INDENT = 11

function findingLines({ level, message, remedy }: Finding, columns: number): Line[] {
  const { word, tone } = LEVELS[level]
  const [first = [], ...rest] = wrap(message, columns - INDENT, 0)
  const shown = level === 'skipped' ? 'dim' : 'plain'
  const told = (line: Line): Line => line.map(({ text }) => span(text, shown))
  return [
    [span(`   ${word.padEnd(8)}`, tone), ...told(first)],
    ...rest.map((line) => [span(' '.repeat(INDENT)), ...told(line)]),
    ...(remedy === undefined || level === 'ok' ? [] : wrap(`         → ${remedy}`, columns, INDENT)),
  ]
}

function summary(findings: readonly Finding[]): Line {
  const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length
  const [failures, warnings] = [of('failure'), of('warning')]
  const many = (number: number, word: string) => `${count(number)} ${word}${number === 1 ? '' : 's'}`
  const skipped = of('skipped') > 0 ? `, ${count(of('skipped'))} skipped` : ''
  const tone = failures > 0 ? 'bad' : warnings > 0 ? 'warn' : 'good'
  return [span(` ${many(failures, 'failure')}, ${many(warnings, 'warning')}, ${count(of('ok'))} ok${skipped}`, tone)]
}
