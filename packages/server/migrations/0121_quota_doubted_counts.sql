-- A count that athenahealth named may be wrong, such as before a gateway has begun its day: it is asked again, and may be taken back.
alter table control.quota_day
  add column probed_at timestamptz not null default '-infinity',
  add column corrections integer not null default 0;
comment on column control.quota_day.probed_at is
  'When athenahealth''s count last left less, or was last asked about by a call made although it leaves none';
comment on column control.quota_day.corrections is 'How often foreign_calls and upstream_limit were taken back by a later answer';
