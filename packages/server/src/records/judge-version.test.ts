import assert from 'node:assert/strict'
import test from 'node:test'
import {
  type ArrivedVersion,
  type HeldVersion,
  judgeVersion,
  type Source,
  type Verdict,
  type Version,
} from './judge-version.ts'

const at = (lastModifiedAt: number | undefined, fetchSeq: number): Version => ({
  lastModifiedAt,
  fetchSeq: BigInt(fetchSeq),
})

const cases: readonly [
  title: string,
  held: HeldVersion | undefined,
  incoming: ArrivedVersion,
  source: Source,
  verdict: Verdict,
][] = [
  ['an unknown record is applied', undefined, at(undefined, 5), 'feed', 'apply'],
  ['a later change is applied', at(1, 9), at(2, 5), 'feed', 'apply'],
  ['an older body never replaces a newer one', at(2, 1), at(1, 9), 'snapshot', 'stale'],
  ['within one second the order of asking decides', at(1, 5), at(1, 6), 'feed', 'apply'],
  ['and an answer asked for earlier is stale', at(1, 5), at(1, 4), 'feed', 'stale'],
  ['without a time the order of asking decides', at(undefined, 5), at(undefined, 6), 'feed', 'apply'],
  ['also against an earlier answer', at(undefined, 5), at(undefined, 4), 'snapshot', 'stale'],
  ['also when only one side has a time', at(1, 5), at(undefined, 6), 'snapshot', 'apply'],
  [
    'a list does not take back what just came',
    { ...at(undefined, 5), isRecent: true },
    at(undefined, 6),
    'snapshot',
    'refetch',
  ],
  ['of what has a time that tells', { ...at(1, 5), isRecent: true }, at(2, 6), 'snapshot', 'apply'],
  ['a feed does', { ...at(undefined, 5), isRecent: true }, at(undefined, 6), 'feed', 'apply'],
  ['a replayed body without a time is only an id', at(undefined, 5), at(undefined, 6), 'replay', 'refetch'],
  ['also for an unknown record', undefined, at(undefined, 6), 'replay', 'refetch'],
  ['a replayed body against one without a time is only an id', at(undefined, 5), at(1, 6), 'replay', 'refetch'],
  ['modified after what is held came is news', { ...at(undefined, 5), changedBy: 1 }, at(2, 6), 'replay', 'apply'],
  ['modified before that is only an id', { ...at(undefined, 5), changedBy: 2 }, at(2, 6), 'replay', 'refetch'],
  [
    'changed in the hour that clocks repeat, after what is held',
    at(1, 5),
    { ...at(undefined, 6), changedFrom: 2 },
    'replay',
    'apply',
  ],
  ['or perhaps before', at(2, 5), { ...at(undefined, 6), changedFrom: 2 }, 'replay', 'refetch'],
  [
    'both in that hour',
    { ...at(undefined, 5), changedBy: 3 },
    { ...at(undefined, 6), changedFrom: 2 },
    'replay',
    'refetch',
  ],
  ['a replayed later change is applied', at(1, 5), at(2, 6), 'replay', 'apply'],
  ['a replayed earlier change is stale', at(2, 5), at(1, 6), 'replay', 'stale'],
  ['a replayed body of the same second is only an id', at(1, 5), at(1, 6), 'replay', 'refetch'],
  ['a body asked for by id outdoes a time that it does not know', at(9, 5), at(1, 6), 'refetch', 'apply'],
  ['but not what came just before', { ...at(9, 5), isRecent: true }, at(1, 6), 'refetch', 'stale'],
  ['nor what was asked for later', at(9, 6), at(1, 5), 'refetch', 'stale'],
  ['what was asked for by id is applied', at(undefined, 5), at(undefined, 6), 'refetch', 'apply'],
]

for (const [title, held, incoming, source, verdict] of cases) {
  test(title, () => assert.equal(judgeVersion(held, incoming, source), verdict))
}
