-- Processes of one installation may be configured with different limits of a day, such as while they are restarted one by one:
-- one of them holds for all, that of the process which was started last.
create table control.quota_limit (
  app text primary key check (app <> '' and length(app) <= 200),
  per_day integer not null check (per_day > 0),
  set_at timestamptz not null
);
comment on table control.quota_limit is 'The limit of a day that holds for every process: that of the one started last';
select control.share('control.quota_limit', 'select, insert, update');
