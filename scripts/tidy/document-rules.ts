import { dirname, join } from 'node:path/posix'
import { SERVER_SLICES, sliceOf } from './places.ts'
import { type Breach, breachAt, type Rule } from './rule.ts'

const MAP = 'ARCHITECTURE.md'

/** The map shows every slice there is, in the order that holds. */
export const describedSlices: Rule = ({ files }) => {
  const map = files.get(MAP)
  const present = new Set([...files.keys()].map(sliceOf).filter(Boolean))
  if (map === undefined) return [] // the links of the README would be dead
  const described = [...map.matchAll(/^\| `([a-z-]+)` \|/gm)].map((row) => row[1]!)
  const missing = [...present].filter((slice) => !described.includes(slice!))
  const sorted = described.toSorted((a, b) => SERVER_SLICES.indexOf(a) - SERVER_SLICES.indexOf(b))
  const messages = missing.map((slice) => `the slice ${slice} is not described`)
  if (described.join() !== sorted.join()) messages.push(`the slices stand in this order: ${sorted.join(', ')}`)
  return messages.map((message): Breach => ({ path: MAP, line: 1, message }))
}

/** A link of a document, or a page of docs/ named anywhere else: relative to the file, or to the root. */
const LINK = /\]\((?![a-z]+:|#)([^)#\s]+)[^)]*\)|\b(docs\/[\w./-]+\.md)\b/g

/** What a text points to is there. */
export const livingLinks: Rule = ({ files }) => {
  const folders = new Set([...files.keys()].flatMap((path) => foldersOf(path)))
  const exists = (path: string) => files.has(path) || folders.has(path.replace(/\/$/, ''))
  return [...files]
    .filter(([path]) => /\.(?:md|ts|sql|yaml|json)$/.test(path) && !path.endsWith('.test.ts'))
    .flatMap(([path, text]) =>
      [...text.matchAll(LINK)].flatMap((match) => {
        const [, link, page] = match
        if (link !== undefined && !path.endsWith('.md')) return []
        const target = page ?? join(dirname(path), link!)
        return exists(target) ? [] : [breachAt({ path, text }, match.index, `${target} does not exist`)]
      }),
    )
}

function foldersOf(path: string): string[] {
  const folder = dirname(path)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}
