-- What is known of how feeds change, and what a call is worth: shared by every process, kept over restarts. Counts of changes by
-- practice, feed and hour of the week; no record, no id of one, nobody's name.

create table control.pacing_feed (
  practice_id integer not null,
  feed text not null,
  changes real[],
  hours real[],
  lately_changes real not null default 0,
  lately_expected real not null default 0,
  size_step smallint not null default 0,
  drained_at timestamptz,
  every_ms integer,
  wait_ms integer,
  hinted_at timestamptz,
  hint_again boolean not null default false,
  wanted_at timestamptz,
  primary key (practice_id, feed)
) with (fillfactor = 60);
comment on table control.pacing_feed is 'How one feed of one practice was seen to change, and how often it is read for that.';
comment on column control.pacing_feed.changes is 'Changes by hour of the week in the practice''s zone, from Sunday 00:00; old weeks fade. Null: none seen.';
comment on column control.pacing_feed.hours is 'Hours looked at, by hour of the week; they fade alike.';
comment on column control.pacing_feed.lately_changes is 'Changes of the last hours, and how many had been expected: how busy today is.';
comment on column control.pacing_feed.size_step is 'How much it changes against a typical practice, in steps of a quarter of a doubling.';
comment on column control.pacing_feed.every_ms is 'What was chosen last: when to read it again, and how long a change is then expected to have waited.';
comment on column control.pacing_feed.hinted_at is 'When it was last told from outside that it has something; not yet looked for if after drained_at.';
comment on column control.pacing_feed.hint_again is 'A drain after the hint found nothing: the feed may be behind, and one more look is taken.';
comment on column control.pacing_feed.wanted_at is 'When somebody last asked to have it read now.';
select control.share('control.pacing_feed');

create table control.pacing_zone (
  practice_id integer primary key,
  zone text not null
);
comment on table control.pacing_zone is 'The zone of most of a practice''s departments: by its clocks the hours of the week are counted.';
select control.share('control.pacing_zone');

create table control.pacing_profile (
  feed text primary key,
  rates real[] not null
);
comment on table control.pacing_profile is 'Changes an hour, by hour of the week, of a feed in a typical practice.';
select control.share('control.pacing_profile');

create table control.pacing_plan (
  single boolean primary key default true check (single),
  price double precision not null default 0,
  stretch real not null default 1,
  feeds integer not null default 0,
  ends_at timestamptz,
  planned_at timestamptz not null,
  profiled_at timestamptz
);
comment on table control.pacing_plan is 'What a call is worth until the day of calls ends; whoever finds it old makes it anew.';
comment on column control.pacing_plan.price is 'Changes times the milliseconds that they wait.';
comment on column control.pacing_plan.stretch is 'By how much feeds are read less often than promised, because the calls do not do for more.';
select control.share('control.pacing_plan');
