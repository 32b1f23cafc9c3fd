-- A steady stream of hints put off the reading that the first of them asked for: only the time of the latest was known.
alter table control.pacing_feed add column hinted_since timestamptz;
comment on column control.pacing_feed.hinted_since is
  'When the first of the hints came that were not looked for yet; of those up to drained_at it is hinted_at that counts.';
comment on column control.pacing_feed.hinted_at is
  'When it was told last from outside that it has something; not yet looked for if after drained_at.';
