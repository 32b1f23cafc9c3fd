import type { Sight } from '../practice/practice.ts'
import { ReplyError, type Input } from '../route.ts'
import { invalidEnum } from '../server/reply.ts'

/** What the caller asks to see of patients with restricted records; 400 for a code that is neither N nor R. */
export function sightOf(input: Input): Sight {
  const codes = input.list('confidentialitycode').map((code) => code.toUpperCase())
  const stray = codes.find((code) => code !== 'N' && code !== 'R')
  if (stray !== undefined) throw new ReplyError(invalidEnum('confidentialitycode', stray))
  return {
    ignoreRestrictions: input.flag('ignorerestrictions'),
    confidentialityCodes: codes.length === 0 ? undefined : new Set(codes),
  }
}
