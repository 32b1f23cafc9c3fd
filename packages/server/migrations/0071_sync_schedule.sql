-- When each feed is looked at next. Spans practices, so it belongs to the control role and holds no record.

create table control.schedule (
  practice_id integer not null,
  feed text not null,
  due_at timestamptz not null,
  primary key (practice_id, feed)
);
create index schedule_due on control.schedule (due_at);
select control.share('control.schedule');

create table control.practice (
  practice_id integer primary key,
  environment text not null,
  added_at timestamptz not null,
  verified_at timestamptz,
  removed_at timestamptz
);
comment on table control.practice is 'Practices this installation mirrors; verified once athenahealth has answered for them.';
select control.share('control.practice');
