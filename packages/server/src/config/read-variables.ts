import { didYouMean } from './did-you-mean.ts'
import type { Reading } from './layer.ts'
import { settingList } from './setting-list.ts'
import { mergeTrees, type Tree, treeOf } from './tree.ts'

/** The environment of a process. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Reads the settings that stand in environment variables. */
export function readVariables(env: Variables, directory: string): Reading {
  const set = settingList.filter(({ doc }) => doc.env && env[doc.env] !== undefined && env[doc.env] !== '')
  const values = set.reduce<Tree>(
    (tree, { path, doc, kind }) => mergeTrees(tree, treeOf(path, kind.fromText(env[doc.env ?? ''] ?? ''))),
    {},
  )
  const names = new Map(set.map(({ path, doc }) => [path.join('.'), doc.env ?? '']))
  const originOf = (path: readonly string[]) => names.get(path.join('.')) ?? 'the environment'
  return { layer: { values, originOf, directory }, ...strangeVariables(env) }
}

/** Variables that say where things are and are no settings themselves. */
const OTHER_VARIABLES = ['AEGIS_CONFIG']

function strangeVariables(env: Variables): Pick<Reading, 'problems' | 'warnings'> {
  const known = [...OTHER_VARIABLES, ...settingList.flatMap(({ doc }) => doc.env ?? [])]
  const strange = Object.keys(env).filter((name) => /^AEGIS_(?!TEST_)/.test(name) && !known.includes(name))
  const secret = strange.filter((name) => /SECRET|PASSW|TOKEN/.test(name))
  return {
    problems: secret.map((name) => ({
      path: name,
      what: 'would hold a secret, and the environment of a process can be read by others.',
      remedy: 'Put the secret into a file that only you can read and name it with AEGIS_ATHENA_SECRET_FILE.',
    })),
    warnings: strange
      .filter((name) => !secret.includes(name))
      .map((name) => {
        const meant = didYouMean(name, known)
        return `${name} is set and means nothing to Aegis.${meant ? ` Did you mean ${meant}?` : ''}`
      }),
  }
}
