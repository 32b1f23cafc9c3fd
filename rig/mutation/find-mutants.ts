import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { findCodeEdits } from './code-mutants.ts'
import { type Edit, type Mutant, mutate, nameMutants } from './mutant.ts'
import { findSqlEdits } from './sql-mutants.ts'

/** Every mutant of a file that can be read as TypeScript, in the order of their places. */
export async function findMutants(root: string, path: string): Promise<Mutant[]> {
  const source = readFileSync(join(root, path), 'utf8')
  const code = await findCodeEdits(path, source)
  const strings = code.filter(({ operator }) => operator === 'StringLiteral')
  const edits = [...code.filter((edit) => !isStatementName(source, edit)), ...findSqlEdits(source, strings)]
  return nameMutants(path, source, once(edits.toSorted(byPlace))).filter((mutant) => isReadable(mutate(source, mutant)))
}

/** PostgreSQL plans by it and nothing else; an empty one is a statement without a name. */
function isStatementName(source: string, { start, operator }: Edit): boolean {
  return operator === 'StringLiteral' && /\b(?:sql|lookUp)\(\s*$/.test(source.slice(0, start))
}

function byPlace(a: Edit, b: Edit): number {
  return a.start - b.start || a.end - b.end || (keyOf(a) < keyOf(b) ? -1 : 1)
}

/** Two operators may come to the same text. */
function once(edits: readonly Edit[]): Edit[] {
  return [...new Map(edits.map((edit) => [`${edit.start} ${edit.end} ${edit.replacement}`, edit])).values()]
}

function keyOf({ operator, replacement }: Edit): string {
  return `${operator} ${replacement}`
}

function isReadable(source: string): boolean {
  try {
    stripTypeScriptTypes(source)
    return true
  } catch {
    return false
  }
}
