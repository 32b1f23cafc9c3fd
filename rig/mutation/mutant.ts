import { createHash } from 'node:crypto'

/** One change of one place of the code that a test should notice. */
export interface Mutant {
  /** `quota/day-budget.ts:1f3a9c02`: the same for as long as the place and its surroundings read the same. */
  readonly id: string
  readonly path: string
  readonly start: number
  readonly end: number
  readonly operator: string
  readonly replacement: string
}

/** A place to be changed, before it has an id. */
export type Edit = Omit<Mutant, 'id' | 'path'>

/** Gives the edits of a file their ids. They follow from the text around them, so an edit elsewhere changes none. */
export function nameMutants(path: string, source: string, edits: readonly Edit[]): Mutant[] {
  const seen = new Map<string, number>()
  const short = path.replace(/^packages\/\w+\/src\//, '')
  return edits.map((edit) => {
    const text = JSON.stringify([
      linesAt(source, edit),
      edit.operator,
      source.slice(edit.start, edit.end),
      edit.replacement,
    ])
    const nth = seen.get(text) ?? 0
    seen.set(text, nth + 1)
    const hash = createHash('sha256').update(`${path}\n${text}\n${nth}`).digest('hex').slice(0, 8)
    return { id: `${short}:${hash}`, path, ...edit }
  })
}

/** The file with the mutant in it. */
export function mutate(source: string, { start, end, replacement }: Edit): string {
  return source.slice(0, start) + replacement + source.slice(end)
}

/** The file with several mutants in it, none of which overlaps another. */
export function mutateAll(source: string, edits: readonly Edit[]): string {
  return edits.toSorted((a, b) => b.start - a.start || b.end - a.end).reduce(mutate, source)
}

/** Whether two mutants cannot both be put in. */
export function isOverlapping(a: Mutant, b: Mutant): boolean {
  return a.path === b.path && a.start <= b.end && b.start <= a.end
}

/** The line of a mutant, counted from 1. */
export function lineOf(source: string, { start }: Edit): number {
  return source.slice(0, start).split('\n').length
}

/** What is changed into what, on one line. */
export function describeMutant(source: string, mutant: Edit): string {
  const from = oneLine(source.slice(mutant.start, mutant.end))
  return `${mutant.operator}: ${from || 'nothing'} → ${oneLine(mutant.replacement) || 'nothing'}`
}

const textMax = 90

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > textMax ? `${line.slice(0, textMax)}…` : line
}

function linesAt(source: string, { start, end }: Edit): string {
  const from = source.lastIndexOf('\n', start - 1) + 1
  const to = source.indexOf('\n', end)
  return source.slice(from, to < 0 ? source.length : to).trim()
}
