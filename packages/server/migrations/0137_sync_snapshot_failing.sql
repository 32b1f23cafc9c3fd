-- A snapshot of a live feed that failed was put off and no more: that it failed again and again, and why, was in the log only.
alter table aegis.feed_state
  add column snapshot_failures integer not null default 0,
  add column snapshot_failure_code text,
  add column snapshot_failing_since timestamptz;
comment on column aegis.feed_state.snapshot_failures is
  'How often in a row the snapshot of the live feed has failed: with which code last, and since when. 0 and null when it goes on.';
