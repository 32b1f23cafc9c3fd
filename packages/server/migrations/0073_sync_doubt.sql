-- What may still happen upstream after we stopped waiting, wishes that cross an answer, and losses that go on.

alter table aegis.feed_intent add column doubted_at timestamptz;
comment on column aegis.feed_intent.doubted_at is
  'When its request was given up, or a new holder found it open: upstream may carry it out some time after this.';
create index feed_intent_closed on aegis.feed_intent (practice_id, feed, closed_at) where closed_at is not null;

alter table aegis.refetch add column wanted_seq bigint not null default 0;
alter table aegis.refetch add column missing_since timestamptz;
comment on column aegis.refetch.wanted_seq is 'When it was wished for, in the order of asking: an answer asked for earlier does not fulfil it.';
comment on column aegis.refetch.missing_since is 'When athenahealth first said that there is no such record; it is asked once more.';

alter table aegis.snapshot_run add column first_seq bigint not null default 0;
comment on column aegis.snapshot_run.first_seq is 'Order of asking when it began: a record not seen since then was in none of its lists.';

alter table aegis.gap add column last_at timestamptz;
update aegis.gap set last_at = opened_at;
alter table aegis.gap alter column last_at set not null;
comment on column aegis.gap.last_at is 'When something was last lost in it: a snapshot begun before does not close it.';
