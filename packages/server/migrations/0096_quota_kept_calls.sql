-- Bulk work takes calls as fast as the second allows, feeds take theirs over the day: what they still need is kept for them.
alter table control.quota_day add column kept_calls integer not null default 0 check (kept_calls >= 0);
comment on column control.quota_day.kept_calls is 'Calls that bulk work leaves to feeds until the day ends, beside what it leaves anyway';
