import type { Problem } from './config-error.ts'
import type { Layer } from './layer.ts'
import { settingList } from './setting-list.ts'
import { isTree, type Tree } from './tree.ts'

const SECRET_NAME = /secret|passw|token|api_?-?key|private_?-?key|credential|jwk/i

/** What only a secret looks like, whatever its name. */
const SECRET_VALUES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]+:[^/\s@]+@/i,
  /\beyJ[\w-]{10,}\.[\w-]{10,}\./,
]

/**
 * Secrets that stand in a layer: under a name that says so, or with a value that can be nothing else. The value is
 * never repeated.
 */
export function findSecrets(layer: Layer): Problem[] {
  const known = new Set(settingList.map(({ path }) => path.join('.')))
  return leaves(layer.values, []).flatMap(({ path, value }) => {
    const name = path.join('.')
    const named = !known.has(name) && path.some((key) => SECRET_NAME.test(key))
    const valued = typeof value === 'string' && SECRET_VALUES.some((pattern) => pattern.test(value))
    if (!named && !valued) return []
    return [{ path: name, origin: layer.originOf(path), what: 'holds a secret in the open.', remedy: remedyFor(value) }]
  })
}

function remedyFor(value: unknown): string {
  const database = typeof value === 'string' && /^postgres(ql)?:/i.test(value)
  const where = database ? 'database.urlFile (DATABASE_URL_FILE)' : 'athena.secretFile (AEGIS_ATHENA_SECRET_FILE)'
  return `Put it alone into a file that only you can read and name the file with ${where}; have this one replaced, others may have read it.`
}

/** Whether a text that should be a path is more likely the secret itself. */
export function looksLikeSecret(path: string): boolean {
  return !/[/\\.]/.test(path) && path.length >= 16
}

function leaves(tree: Tree, above: readonly string[]): { path: readonly string[]; value: unknown }[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...above, key]
    return isTree(value) ? leaves(value, path) : [{ path, value }]
  })
}
