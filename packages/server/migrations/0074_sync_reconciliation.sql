-- Reconciliation: what keeps a mirror true over months, and what it found.

alter table aegis.snapshot_run drop constraint snapshot_run_phase_check;
alter table aegis.snapshot_run add constraint snapshot_run_phase_check
  check (phase in ('provisional', 'authoritative', 'nightly', 'weekly', 'rolling'));
alter table aegis.snapshot_run add column abandoned_at timestamptz;
comment on column aegis.snapshot_run.abandoned_at is
  'When it was given up unfinished: what it read is in the mirror, but it covers nothing.';

alter table aegis.inbox_page drop constraint inbox_page_source_check;
alter table aegis.inbox_page add constraint inbox_page_source_check
  check (source in ('snapshot', 'feed', 'replay', 'refetch', 'reconciliation'));
alter table aegis.inbox_page add column run_id bigint;
comment on column aegis.inbox_page.run_id is 'The reconciliation it was read for: what it changes is a difference.';

alter table aegis.refetch add column run_id bigint;
comment on column aegis.refetch.run_id is
  'The reconciliation that wants to know; null as soon as anything else put the record in doubt too.';

alter table aegis.feed_state add column unclear_since timestamptz;
comment on column aegis.feed_state.unclear_since is
  'Since when athenahealth does not say whether the subscription is there.';

alter table aegis.quarantine add column key text;
comment on column aegis.quarantine.key is 'The record''s key where it has one: a later body of it that is applied releases it.';
create index quarantine_open on aegis.quarantine (practice_id, feed, key) where released_at is null;

create table aegis.reconciliation_task (
  practice_id integer not null,
  feed text not null,
  task text not null check (task in ('nightly', 'weekly', 'rolling', 'judge')),
  due_at timestamptz not null,
  turn integer not null default 0,
  pages_left integer,
  done_at timestamptz,
  failures integer not null default 0,
  failure_code text,
  primary key (practice_id, feed, task)
);
comment on table aegis.reconciliation_task is 'When each check of a feed against athenahealth is due next, and where it stands.';
comment on column aegis.reconciliation_task.turn is 'Times it was completed: which part of a rolling window comes next.';
comment on column aegis.reconciliation_task.pages_left is 'Pages still to be read tonight by a check that takes a slice a day.';
comment on column aegis.reconciliation_task.done_at is 'When it was last complete.';
select aegis.protect('aegis.reconciliation_task');

create table aegis.reconciliation (
  practice_id integer not null,
  run_id bigint not null,
  feed text not null,
  task text not null,
  began_at timestamptz not null,
  read_at timestamptz not null,
  judged_at timestamptz,
  compared bigint not null,
  missing_here integer not null default 0,
  differing integer not null default 0,
  gone_there integer not null default 0,
  explained integer not null default 0,
  unexplained integer not null default 0,
  primary key (practice_id, run_id)
);
comment on table aegis.reconciliation is 'One row per completed check: how many records were compared, and how many differed.';
comment on column aegis.reconciliation.explained is 'Differences that the feed, a gap or the edge of the window accounts for.';
comment on column aegis.reconciliation.unexplained is 'Differences that nothing accounts for: the target is 0. They are mended and alarmed.';
create index reconciliation_latest on aegis.reconciliation (practice_id, feed, task, run_id);
select aegis.protect('aegis.reconciliation');

create table aegis.difference (
  practice_id integer not null,
  difference_id bigint generated always as identity,
  run_id bigint not null,
  feed text not null,
  key text not null,
  what text not null check (what in ('missing-here', 'differing', 'gone-there')),
  fields text[] not null,
  found_at timestamptz not null,
  explanation text check (explanation in ('feed', 'gap', 'window', 'unannounced')),
  judged_at timestamptz,
  primary key (practice_id, difference_id)
);
comment on table aegis.difference is 'A record that was not as athenahealth had it when it was checked; mended as it was found.';
comment on column aegis.difference.key is 'athenahealth''s id; for patients the practice''s keyed pseudonym of it.';
comment on column aegis.difference.explanation is 'What accounts for it; null once judged: nothing does.';
create index difference_open on aegis.difference (practice_id, feed, key) where judged_at is null;
create index difference_of_run on aegis.difference (practice_id, run_id);
select aegis.protect('aegis.difference');

create view mirror.reconciliation with (security_invoker = true) as
select practice_id, run_id, feed, task, began_at, read_at, judged_at, compared, missing_here, differing, gone_there,
  explained, unexplained
from aegis.reconciliation;
comment on view mirror.reconciliation is 'Checks of the mirror against athenahealth and what they found; unexplained differences should be 0.';
create view mirror.difference with (security_invoker = true) as
select practice_id, run_id, feed, key, what, fields, found_at, explanation, judged_at from aegis.difference;
comment on view mirror.difference is 'Records that were not as athenahealth had them when they were checked.';
grant select on mirror.reconciliation, mirror.difference to aegis_app;
