import { execFileSync } from 'node:child_process'
import { gitEnvironment } from './git-environment.ts'
import { SECRET_SMELLS } from './file-rules.ts'

/** Far above what this repository has; a history beyond that is looked through by a tool made for it. */
const BYTES_MAX = 512 * 1024 ** 2

/** The history as `additions` reads it, or why there is none to be looked through. */
export function readHistory(root: string): { readonly log: string } | { readonly missing: string } {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', `safe.directory=${root}`, ...args], {
      cwd: root,
      env: gitEnvironment(),
      encoding: 'utf8',
      maxBuffer: BYTES_MAX,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  try {
    if (git('rev-parse', '--is-shallow-repository').trim() === 'true') return { missing: 'this clone is shallow' }
    const plain = ['--no-color', '--no-ext-diff', '--no-textconv', '--no-renames', '--unified=0']
    return { log: git('log', '--patch', '--diff-merges=first-parent', ...plain, '--format=commit %h') }
  } catch {
    return { missing: 'git does not show it' }
  }
}

/** What looks like a secret in anything that was ever added, as `commit path: message`: what was taken out again is still there. Pure. */
export function historyBreaches(log: string): string[] {
  return additions(log).flatMap(({ place, text }) =>
    SECRET_SMELLS.filter(({ pattern }) => text.match(pattern)).map(({ message }) => `${place}: ${message}`),
  )
}

/** The lines that a commit adds to a file, together: a key has several. */
function additions(log: string): { place: string; text: string }[] {
  return log.split(/^commit (?=[0-9a-f]+$)/m).flatMap((commit) => {
    const [hash = ''] = commit.split('\n', 1)
    return commit.split(/^diff --git /m).map((file) => {
      const [, path = ''] = /^\+\+\+ b\/(.*?)\t?$/m.exec(file) ?? []
      const [, ...hunks] = file.split(/^@@ .*$/m)
      const added = hunks.flatMap((hunk) => hunk.split('\n').filter((line) => line.startsWith('+')))
      return { place: `${hash} ${path}`, text: added.map((line) => line.slice(1)).join('\n') }
    })
  })
}
