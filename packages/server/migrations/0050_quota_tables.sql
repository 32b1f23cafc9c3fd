-- How many calls athenahealth's limits leave, shared by every process. An app is one athenahealth client id; the limits
-- belong to it, whatever number of processes and practices use it. Rows change many times a second: room is left in
-- each page so that a change stays in place.

create table control.quota_app (
  app text primary key check (app <> '' and length(app) <= 200),
  next_at timestamptz not null,
  paused_until timestamptz not null default '-infinity',
  pauses smallint not null default 0,
  margin_ms real not null default 0,
  margin_at timestamptz not null default '-infinity',
  minute_at timestamptz not null,
  minute_calls integer not null default 0,
  minute_before integer not null default 0
) with (fillfactor = 20);
comment on table control.quota_app is 'The timetable of calls per second: evenly spaced instants, booked by moving next_at';
comment on column control.quota_app.next_at is 'The first instant that nobody has booked';
comment on column control.quota_app.paused_until is 'athenahealth throttled us: no call by anybody before this';
comment on column control.quota_app.pauses is 'Throttled how often in a row; each pause is twice as long as the one before';
comment on column control.quota_app.margin_ms is
  'Calls arrive more unevenly than planned for, by this much at margin_at; believed half as much with every hour';
comment on column control.quota_app.minute_calls is 'Calls booked since minute_at, and in the minute before it, for status';
select control.share('control.quota_app', 'select, insert, update');

create table control.quota_practice (
  app text not null references control.quota_app,
  practice_id integer not null,
  next_at timestamptz not null,
  primary key (app, practice_id)
) with (fillfactor = 50);
comment on table control.quota_practice is 'The same timetable per practice, where a limit per practice is configured';
select control.share('control.quota_practice', 'select, insert, update');

create table control.quota_day (
  app text not null,
  day date not null,
  reserved integer not null default 0 check (reserved >= 0),
  foreign_calls integer not null default 0 check (foreign_calls >= 0),
  upstream_limit integer,
  primary key (app, day)
) with (fillfactor = 20);
comment on table control.quota_day is 'Calls of one day; athenahealth counts anew at 00:00 GMT';
comment on column control.quota_day.reserved is 'Calls reserved before they were made: used ones, and at most a block per process that are not';
comment on column control.quota_day.foreign_calls is 'Calls that athenahealth counted and this installation did not make';
comment on column control.quota_day.upstream_limit is 'A lower limit than the configured one, as athenahealth named it';
select control.share('control.quota_day', 'select, insert, update');

create table control.quota_use (
  app text not null,
  day date not null,
  practice_id integer not null,
  priority text not null,
  calls integer not null,
  primary key (app, day, practice_id, priority)
);
comment on table control.quota_use is 'Who spent the day, for status; seconds behind quota_day, which alone decides';
select control.share('control.quota_use');

create table control.quota_holder (
  app text not null,
  holder text not null,
  seen_at timestamptz not null,
  primary key (app, holder)
) with (fillfactor = 50);
comment on table control.quota_holder is 'Processes that call now. One unseen for a while may be cut off and calling on a share of its own';
select control.share('control.quota_holder');
