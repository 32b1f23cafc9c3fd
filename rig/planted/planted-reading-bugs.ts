import type { PlantedBug } from './planted-bugs.ts'

const sync = 'packages/server/src/sync'

/** Bugs of what is read again: replays, and snapshots of live feeds. */
export const plantedReadingBugs: readonly PlantedBug[] = [
  {
    name: 'a record that comes twice counts as two, so that the next page of a replay leaves one out',
    file: `${sync}/fetched-page.ts`,
    find: `return items - (ids.length - new Set(ids).size)`,
    replace: `return items`,
    caughtBy: [`${sync}/short-pages.pg.test.ts`, 'seeds 1 1400192'],
  },
  {
    name: 'nobody is told that a snapshot of a live feed fails',
    file: `${sync}/feed-state.sql.ts`,
    find: `snapshot_failure_code = case when n.what = 'not' then f.snapshot_failure_code else $4::text end`,
    replace: `snapshot_failure_code = null`,
    caughtBy: ['packages/server/src/ops/failing-snapshot.pg.test.ts'],
  },
  {
    name: 'a snapshot that goes on counts as failing still',
    file: `${sync}/snapshot-feed.ts`,
    find: `if (isMended) await`,
    replace: `if (!run.run_id) await`,
    caughtBy: ['packages/server/src/ops/failing-snapshot.pg.test.ts'],
  },
  {
    name: 'a list whose pages never join is forgotten to have failed with each first page',
    file: `${sync}/snapshot-feed.ts`,
    find: `failure !== 'sync.list-unstable' || isListRead`,
    replace: `isListRead || failure !== ''`,
    caughtBy: ['packages/server/src/ops/failing-snapshot.pg.test.ts'],
  },
  {
    name: 'a replay that is given up for its length is told as one that came too late',
    file: `${sync}/recover-window.ts`,
    find: `{ outcome: 'replay-too-long', unread }`,
    replace: `{ outcome: 'retention-passed', unread }`,
    caughtBy: [`${sync}/short-pages.pg.test.ts`],
  },
  {
    name: 'old claims after a gap are read by windows wider than those that athenahealth allows',
    file: `${sync}/goes-on-with-old-claims.ts`,
    find: ` && month < last.from + widestMonths`,
    replace: ``,
    caughtBy: [`${sync}/old-claims.pg.test.ts`],
  },
  {
    name: 'a gap that somebody has asked for is told as one of changes that could not be read in time',
    file: `${sync}/operate-sync.ts`,
    find: `{ cause: 'asked-for', from: timestamp(since) }`,
    replace: `{ cause: 'retention-passed', from: timestamp(since) }`,
    caughtBy: [`${sync}/resnapshot-since.pg.test.ts`],
  },
  {
    name: 'the mirror is checked before the snapshot of departments that were added',
    file: `${sync}/next-step.ts`,
    find: `Math.max(checkDue ?? now, isListUnread(state) ? wanted : 0)`,
    replace: `checkDue ?? now`,
    caughtBy: [`${sync}/next-step.test.ts`, `${sync}/departments.pg.test.ts`],
  },
  {
    name: 'open slots that were over since a gap began are taken for known of, as the feed was read on',
    file: `${sync}/snapshot-feed.ts`,
    find: `Math.min(state.checkpoint ?? run.started_at, ...missed)`,
    replace: `state.checkpoint ?? run.started_at`,
    caughtBy: [`${sync}/slots-over-in-gap.pg.test.ts`],
  },
]
