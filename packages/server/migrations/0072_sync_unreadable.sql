-- What cannot be read, and wishes for a snapshot that come while one is being taken.

alter table aegis.gap drop constraint gap_cause_check;
alter table aegis.gap add constraint gap_cause_check
  check (cause in ('retention-passed', 'subscription-lost', 'foreign-consumer', 'unreadable'));

alter table aegis.feed_state add column resnapshot_asked_at timestamptz;
comment on column aegis.feed_state.resnapshot_asked_at is
  'When a snapshot was last wished for: one begun before does not fulfil the wish.';

comment on column aegis.quarantine.page_id is '0 where a record could not even be fetched: no page was stored.';
