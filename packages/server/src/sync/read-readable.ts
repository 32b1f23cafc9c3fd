import { AthenaError } from '@aegis/client'
import type { FetchedPage } from './fetched-page.ts'

/** Which part of a list is asked for. */
export interface PartOfList {
  readonly offset: number
  readonly limit: number
}

type ReadPart = (part: PartOfList) => Promise<FetchedPage>

/** How far behind an unreadable record others are looked for, to tell a bad record from an upstream that is down. */
const probes = [1, 3, 10, 30, 100, 300]

/**
 * Reads a part of a list that takes no harm from being read twice, as much of it as can be read. One record may spoil
 * the answer it is in (too long, no JSON): then ever fewer are asked for, so that it stops nothing but itself. Answers
 * `unreadable` when the first record of the part alone is the bad one, which is certain only if others can be read
 * now and it, asked for again, cannot. Throws the first failure when upstream is in no state to be judged. An answer that
 * is empty without saying so is believed the second time.
 */
export async function readReadable(read: ReadPart, part: PartOfList): Promise<FetchedPage | 'unreadable'> {
  try {
    const page = await read(part)
    return page.doubtful ? await read(part) : page
  } catch (error) {
    if (!isUnreadable(error)) throw error
    if (await canRead(read, part.offset)) return halve(read, part)
    if ((await othersCanBeRead(read, part.offset)) && !(await canRead(read, part.offset))) return 'unreadable'
    throw error
  }
}

/** Whether an answer came that nobody can use; what it is about has not been judged. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof AthenaError && (error.code === 'malformed-response' || error.code === 'response-too-large')
}

async function halve(read: ReadPart, { offset, limit }: PartOfList): Promise<FetchedPage> {
  for (let fewer = Math.floor(limit / 2); fewer > 1; fewer = Math.floor(fewer / 2)) {
    try {
      return await read({ offset, limit: fewer })
    } catch (error) {
      if (!isUnreadable(error)) throw error
    }
  }
  return read({ offset, limit: 1 })
}

async function canRead(read: ReadPart, offset: number): Promise<boolean> {
  try {
    await read({ offset, limit: 1 })
    return true
  } catch (error) {
    if (isUnreadable(error)) return false
    throw error
  }
}

async function othersCanBeRead(read: ReadPart, offset: number): Promise<boolean> {
  for (const further of probes) if (await canRead(read, offset + further)) return true
  return false
}
