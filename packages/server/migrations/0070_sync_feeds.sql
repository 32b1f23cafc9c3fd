-- Feeds of a practice: where each stands, what we are about to do upstream, what arrived, what could not be applied.

create table aegis.feed_state (
  practice_id integer not null,
  feed text not null,
  state text not null default 'new'
    check (state in ('new', 'activating', 'settling', 'snapshot', 'live', 'contested')),
  fence bigint not null default 0,
  state_since timestamptz not null,
  subscribed_at timestamptz,
  active_at timestamptz,
  provisional_at timestamptz,
  snapshot_at timestamptz,
  resnapshot_wanted_at timestamptz,
  resnapshot_asked_at timestamptz,
  checkpoint timestamptz,
  drain_started_at timestamptz,
  drain_ended_at timestamptz,
  subscription_checked_at timestamptz,
  foreign_checked_at timestamptz,
  last_change_at timestamptz,
  failures integer not null default 0,
  failure_code text,
  retry_at timestamptz,
  primary key (practice_id, feed)
);
comment on column aegis.feed_state.fence is 'Fencing number of the lease that wrote last; an older holder''s writes are refused.';
comment on column aegis.feed_state.checkpoint is 'Everything changed upstream before this instant is stored here.';
comment on column aegis.feed_state.resnapshot_asked_at is
  'When a snapshot was last wished for: one begun before does not fulfil the wish.';
select aegis.protect('aegis.feed_state');

create table aegis.feed_intent (
  practice_id integer not null,
  intent_id bigint generated always as identity,
  feed text not null,
  fence bigint not null,
  fetch_seq bigint not null,
  opened_at timestamptz not null,
  doubted_at timestamptz,
  closed_at timestamptz,
  outcome text check (outcome in ('stored', 'not-executed', 'replayed', 'gap')),
  primary key (practice_id, intent_id)
);
comment on table aegis.feed_intent is 'A consuming read about to be made. Open means: it may have consumed changes we do not hold.';
create index feed_intent_open on aegis.feed_intent (practice_id, feed, opened_at) where closed_at is null;
comment on column aegis.feed_intent.doubted_at is
  'When its request was given up, or a new holder found it open: upstream may carry it out some time after this.';
create index feed_intent_closed on aegis.feed_intent (practice_id, feed, closed_at) where closed_at is not null;
select aegis.protect('aegis.feed_intent');

create table aegis.inbox_page (
  practice_id integer not null,
  page_id bigint generated always as identity,
  feed text not null,
  source text not null check (source in ('snapshot', 'feed', 'replay', 'refetch')),
  kind text not null,
  shape text not null check (shape in ('list', 'booked', 'open', 'feed', 'get')),
  fetch_seq bigint not null,
  items integer not null,
  sealed bytea not null,
  fetched_at timestamptz not null,
  applied_at timestamptz,
  primary key (practice_id, page_id)
);
comment on table aegis.inbox_page is 'Pages as received, sealed: stored before anything is made of them.';
create index inbox_page_waiting on aegis.inbox_page (practice_id, feed, page_id) where applied_at is null;
create index inbox_page_applied on aegis.inbox_page (practice_id, applied_at) where applied_at is not null;
select aegis.protect('aegis.inbox_page');

create table aegis.quarantine (
  practice_id integer not null,
  quarantine_id bigint generated always as identity,
  feed text not null,
  page_id bigint not null,
  reason text not null,
  sealed bytea not null,
  since timestamptz not null,
  released_at timestamptz,
  primary key (practice_id, quarantine_id)
);
comment on table aegis.quarantine is 'Records that could not be applied; the rest of their page was.';
comment on column aegis.quarantine.page_id is '0 where a record could not even be fetched: no page was stored.';
select aegis.protect('aegis.quarantine');

create table aegis.refetch (
  practice_id integer not null,
  feed text not null,
  key text not null,
  sealed_id bytea not null,
  wanted_at timestamptz not null,
  wanted_seq bigint not null default 0,
  missing_since timestamptz,
  primary key (practice_id, feed, key)
);
comment on table aegis.refetch is 'Records whose state is in doubt: each is asked for by id.';
comment on column aegis.refetch.wanted_seq is
  'When it was wished for, in the order of asking: an answer asked for earlier does not fulfil it.';
comment on column aegis.refetch.missing_since is
  'When athenahealth first said that there is no such record; it is asked once more.';
select aegis.protect('aegis.refetch');

create table aegis.snapshot_run (
  practice_id integer not null,
  run_id bigint generated always as identity,
  feed text not null,
  phase text not null check (phase in ('provisional', 'authoritative')),
  plan jsonb not null,
  segment integer not null default 0,
  row_offset integer not null default 0,
  anchors jsonb not null default '[]',
  restarts integer not null default 0,
  records bigint not null default 0,
  first_seq bigint not null default 0,
  started_at timestamptz not null,
  finished_at timestamptz,
  primary key (practice_id, run_id)
);
comment on table aegis.snapshot_run is 'A full reading of one feed''s records, resumable at the page it had reached.';
comment on column aegis.snapshot_run.anchors is 'Digests of the last ids of the page before: the next page must show one of them.';
comment on column aegis.snapshot_run.first_seq is
  'Order of asking when it began: a record not seen since then was in none of its lists.';
create index snapshot_run_open on aegis.snapshot_run (practice_id, feed) where finished_at is null;
select aegis.protect('aegis.snapshot_run');

create table aegis.gap (
  practice_id integer not null,
  gap_id bigint generated always as identity,
  feed text not null,
  cause text not null check (cause in ('retention-passed', 'subscription-lost', 'foreign-consumer', 'unreadable')),
  from_at timestamptz not null,
  opened_at timestamptz not null,
  last_at timestamptz not null,
  closed_at timestamptz,
  primary key (practice_id, gap_id)
);
comment on table aegis.gap is 'A span in which changes may have been lost; closed by the re-snapshot that covers it.';
comment on column aegis.gap.last_at is
  'When something was last lost in it: a snapshot begun before does not close it.';
create index gap_open on aegis.gap (practice_id, feed) where closed_at is null;
select aegis.protect('aegis.gap');
