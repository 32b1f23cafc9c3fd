-- Who spends the day is told by kind of work and caller too, and by the hour: the rhythm that a forecast rests on. What is
-- kept by the hour is not kept by practice, so that it stays some thousand rows whatever the number of practices.

alter table control.quota_use
  add column work text not null default '',
  add column caller text not null default '',
  drop constraint quota_use_pkey,
  add primary key (app, day, practice_id, priority, work, caller);
comment on column control.quota_use.work is 'What the calls were for, such as sync.drain';
comment on column control.quota_use.caller is 'The program that called Aegis; empty where Aegis called for itself';

create table control.quota_hour (
  app text not null,
  at timestamptz not null,
  priority text not null,
  work text not null,
  calls integer not null,
  primary key (app, at, priority, work)
);
comment on table control.quota_hour is 'Calls of each hour, for the forecast; priority foreign: made by others on the same app';
select control.share('control.quota_hour');
