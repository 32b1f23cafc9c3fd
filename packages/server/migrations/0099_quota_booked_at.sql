-- Tells whether a timetable was booked since the clock was set back.

alter table control.quota_app add column booked_at timestamptz not null default '-infinity';
comment on column control.quota_app.booked_at is
  'When instants were last booked; in the future, it was before the clock was set back';
