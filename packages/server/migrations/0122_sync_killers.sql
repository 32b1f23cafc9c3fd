-- A feed whose page kills every process that reads it kept all others from being read: it was taken up again first at each start.
alter table control.schedule add column ended_fence bigint, add column held_off_until timestamptz;
comment on column control.schedule.ended_fence is
  'The fence of the last work on it that its process survived. Each further fence is of work that it did not.';
comment on column control.schedule.held_off_until is
  'Not worked on before: process after process ended while it was worked on. Null once one has survived it.';
