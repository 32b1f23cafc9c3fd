import { AthenaError } from '@aegis/client'
import type { FetchedPage } from './fetched-page.ts'

/** Which part of a list is asked for. */
export interface PartOfList {
  readonly offset: number
  readonly limit: number
}

/** What is to be read. */
export interface PartToRead extends PartOfList {
  /**
   * Whether others can be read, where this list has no further ones. Of a window of a feed an answer without records is
   * proof enough. Not of a list: one of which nothing can be read would pass for one that was read.
   */
  readonly othersElsewhere: () => boolean
}

type ReadPart = (part: PartOfList) => Promise<FetchedPage>

/** How far behind an unreadable record others are looked for, to tell a bad record from an upstream that is down. */
const probes = [1, 3, 10, 30, 100, 300]

/**
 * Reads a part of a list that takes no harm from being read twice, as much of it as can be read. One record may spoil
 * the answer it is in (too long, no JSON): then ever fewer are asked for, so that it stops nothing but itself. Answers
 * `unreadable` when the first record of the part alone is the bad one, which is certain only if others can be read
 * now and it, asked for again, cannot. Throws the first failure when upstream is in no state to be judged. See `readSurely`.
 */
export async function readReadable(
  read: ReadPart,
  { othersElsewhere, ...part }: PartToRead,
): Promise<FetchedPage | 'unreadable'> {
  const surely = readSurely(read)
  try {
    return await surely(part)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    const first = await readAlone(surely, part.offset)
    // The end, if it is one: then the page that could not be read is empty too.
    if (first?.items === 0) return await surely(part)
    if (first) return await readFewer(surely, part, first)
    const others = await othersCanBeRead(surely, { offset: part.offset, othersElsewhere })
    if (others && !(await readAlone(surely, part.offset))) return 'unreadable'
    throw error
  }
}

/** Reads as `read` does, but believes an answer that is empty without saying so, perhaps a broken one, only the second time. */
function readSurely(read: ReadPart): ReadPart {
  return async (part) => {
    const page = await read(part)
    return page.doubtful ? read(part) : page
  }
}

/** Whether an answer came that nobody can use; what it is about has not been judged. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof AthenaError && (error.code === 'malformed-response' || error.code === 'response-too-large')
}

/** As many as can be read with the first one, which was read alone: an answer without any is no end of the list then. */
async function readFewer(read: ReadPart, { offset, limit }: PartOfList, first: FetchedPage): Promise<FetchedPage> {
  for (let fewer = Math.floor(limit / 2); fewer > 1; fewer = Math.floor(fewer / 2)) {
    try {
      const page = await read({ offset, limit: fewer })
      if (page.items > 0) return page
    } catch (error) {
      if (!isUnreadable(error)) throw error
    }
  }
  return first
}

/** One record, or the emptiness behind the last; undefined where it cannot be read. */
async function readAlone(read: ReadPart, offset: number): Promise<FetchedPage | undefined> {
  try {
    return await read({ offset, limit: 1 })
  } catch (error) {
    if (isUnreadable(error)) return undefined
    throw error
  }
}

async function othersCanBeRead(
  read: ReadPart,
  { offset, othersElsewhere }: Pick<PartToRead, 'offset' | 'othersElsewhere'>,
): Promise<boolean> {
  for (const further of probes) {
    const page = await readAlone(read, offset + further)
    if (page) return page.items > 0 || othersElsewhere()
  }
  return false
}
