-- Replicas may be configured with other limits of a second, too, or of a minute: those of the one started last hold for all.
alter table control.quota_limit
  add column per_second double precision check (per_second > 0),
  add column per_practice_per_second double precision check (per_practice_per_second > 0),
  add column tokens_per_minute integer check (tokens_per_minute > 0);
comment on table control.quota_limit is 'The limits that hold for every process: those of the one started last';
comment on column control.quota_limit.per_second is 'Calls a second; null where no process of a release that tells it has started';
comment on column control.quota_limit.per_practice_per_second is 'Calls a second for one practice; null beside a limit of a second: none but that';
