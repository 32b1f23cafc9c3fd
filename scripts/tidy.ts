/** House rules that no linter knows, held over the whole repository. `npm run tidy` prints one line per breach. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bannedCode, noLeftovers, reasonedSuppressions } from './tidy/code-rules.ts'
import { dependencyBudget, exactVersions, lockFile, reasonedDependencies } from './tidy/dependency-rules.ts'
import { describedSlices, livingLinks } from './tidy/document-rules.ts'
import { cleanTexts, fileNames, fileSize } from './tidy/file-rules.ts'
import { historyBreaches, readHistory } from './tidy/history.ts'
import { declaredImports, importOrder, knownSlices, noBarrels } from './tidy/import-rules.ts'
import { briefMigrations } from './tidy/migration-rules.ts'
import type { Rule } from './tidy/rule.ts'
import { readSource } from './tidy/source-text.ts'
import { migrationNames, namedStatements, oneSqlClock, ownTables, writtenOutSql } from './tidy/sql-rules.ts'

const RULES: readonly Rule[] = [
  importOrder,
  knownSlices,
  noBarrels,
  declaredImports,
  bannedCode,
  reasonedSuppressions,
  noLeftovers,
  fileSize,
  fileNames,
  cleanTexts,
  describedSlices,
  livingLinks,
  oneSqlClock,
  writtenOutSql,
  namedStatements,
  ownTables,
  migrationNames,
  briefMigrations,
  lockFile,
  exactVersions,
  dependencyBudget,
  reasonedDependencies,
]

/** Every breach in these files, as `path:line: message`, in the order of the rules. Pure. */
export function tidy(files: ReadonlyMap<string, string>): string[] {
  const sources = [...files]
    .filter(([path]) => /\.(?:ts|tsx|js|mjs)$/.test(path))
    .map(([path, text]) => readSource(path, text))
  const breaches = RULES.flatMap((rule) => rule({ files, sources }))
  return breaches.map(({ path, line, message }) => `${path}:${line}: ${message}`)
}

/** The texts of the repository at `root`: what is tracked or would be, without binary files. Needs git. */
export function repositoryFiles(root: string): Map<string, string> {
  // A checkout may belong to another user than the one who tests it; git refuses to read such a one unless told.
  const args = ['-c', `safe.directory=${root}`, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const paths = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0')
  const present = paths.filter((path) => path && existsSync(join(root, path)) && statSync(join(root, path)).isFile())
  const texts = [...new Set(present)].map((path) => [path, readFileSync(join(root, path), 'utf8')] as const)
  return new Map(texts.filter(([, text]) => !text.includes('\0')))
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const history = readHistory(root)
  if ('missing' in history) console.log(`The history is not looked through for secrets: ${history.missing}.`)
  const breaches = [...tidy(repositoryFiles(root)), ...('log' in history ? historyBreaches(history.log) : [])]
  for (const breach of breaches) console.log(breach)
  console.log(breaches.length ? `\n${breaches.length} breaches of the house rules` : 'The house is tidy.')
  process.exitCode = breaches.length ? 1 : 0
}
