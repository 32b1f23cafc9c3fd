import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** One recorded exchange: the request it answers, and the answer byte for byte. */
export interface Exchange {
  readonly method: string
  /** Path from `/v1/` on; a segment in braces stands for any. */
  readonly path: string
  readonly query: string
  readonly form: string
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: string
  /** The recorded headers tell a quota; the simulator's own would contradict them. */
  readonly ownRateLimit: boolean
}

/** Headers that belong to the connection or to the recorded bytes' encoding; the date is the simulator's, as always. */
const unservedHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'content-length',
  'content-encoding',
  'date',
])

const indexFile = 'index.json'

/**
 * Reads a folder and its subfolders. A file holds an exchange `{ request: { method, path, query?, body? }, response:
 * { status, headers?, body } }`, or a bare response body that `index.json` beside it names: an array of `{ file,
 * method?, path, query?, form?, status?, headers? }`; `file` may lie elsewhere and be named twice. Throws TypeError that names a file it cannot use.
 */
export async function readRecording(folder: string): Promise<readonly Exchange[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.json')).sort()
  const indexes = names.filter((name) => name === indexFile || name.endsWith(`/${indexFile}`))
  const found: { name: string; exchange: Exchange }[] = []
  for (const name of indexes) found.push(...(await readIndex(folder, name)))
  const indexed = new Set(found.map(({ name }) => name))
  for (const name of names) {
    if (indexes.includes(name) || indexed.has(name)) continue
    found.push({ name, exchange: exchangeOf(await readJson(folder, name), name) })
  }
  if (found.length === 0) throw new TypeError(`${folder}: holds no recorded exchange (*.json)`)
  return found.sort((left, right) => (left.name < right.name ? -1 : 1)).map(({ exchange }) => exchange)
}

async function readIndex(folder: string, name: string): Promise<{ name: string; exchange: Exchange }[]> {
  const entries = await readJson(folder, name)
  if (!Array.isArray(entries)) throw new TypeError(`${name}: must be an array of { file, path, … }`)
  const base = join(folder, name, '..')
  return Promise.all(
    entries.map(async (entry: unknown) => {
      const fields = objectOf(entry, name)
      const file = textOf(fields.file, `${name}: file`)
      const body = await readFile(join(base, file), 'utf8')
      const exchange = exchangeFrom({ request: fields, response: { ...fields, body } }, name)
      return { name: relative(folder, join(base, file)), exchange }
    }),
  )
}

function exchangeOf(parsed: unknown, name: string): Exchange {
  const { request, response } = objectOf(parsed, name)
  if (request === undefined || response === undefined) {
    throw new TypeError(`${name}: is neither an exchange { request, response } nor named in ${indexFile}`)
  }
  return exchangeFrom({ request: objectOf(request, name), response: objectOf(response, name) }, name)
}

type Fields = Record<string, unknown>

function exchangeFrom({ request, response }: { request: Fields; response: Fields }, name: string): Exchange {
  const { status = 200, headers = { 'Content-Type': 'application/json; charset=UTF-8' }, body } = response
  if (typeof status !== 'number') throw new TypeError(`${name}: status must be a number`)
  const served = Object.entries(objectOf(headers, name)).filter(
    ([header]) => !unservedHeaders.has(header.toLowerCase()),
  )
  return {
    method: textOf(request.method ?? 'GET', `${name}: method`).toUpperCase(),
    path: textOf(request.path, `${name}: path`),
    query: textOf(request.query ?? '', `${name}: query`),
    form: textOf(request.body ?? request.form ?? '', `${name}: form`),
    status,
    headers: served.flatMap(([header, value]) => [header, String(value)]),
    ownRateLimit: served.some(([header]) => header.toLowerCase() === 'x-ratelimit-limit'),
    body: typeof body === 'string' ? body : JSON.stringify(body ?? null),
  }
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const text = await readFile(join(folder, name), 'utf8')
  try {
    return JSON.parse(text)
  } catch {
    throw new TypeError(`${name}: not JSON`)
  }
}

function objectOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${name}: not an object`)
  return { ...value }
}

function textOf(value: unknown, place: string): string {
  if (typeof value !== 'string') throw new TypeError(`${place} must be text`)
  return value
}
