-- What was put off because the calls of a day were used up, or stretched because they were scarce, notes how many calls a day
-- there were. When there are more it is taken up again at once, by comparing the two: nothing has to be told to anybody, and
-- nothing of it is lost with a process.
alter table control.schedule add column calls_limit integer;
comment on column control.schedule.calls_limit is
  'It waits because there were no more calls a day than this. Null: it would wait all the same.';
create index schedule_calls_limit on control.schedule (calls_limit) where calls_limit is not null;

alter table aegis.feed_state add column calls_limit integer, add column calls_until timestamptz;
comment on column aegis.feed_state.calls_limit is
  'Something of it is put off until calls_until because a day of so many calls was used up: its least limit.';

alter table aegis.reconciliation_task add column calls_limit integer;
comment on column aegis.reconciliation_task.calls_limit is 'It was put off because a day of so many calls was used up.';
