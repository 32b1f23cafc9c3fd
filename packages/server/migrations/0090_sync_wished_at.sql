-- When a record was wished for. What a check wishes to know of a record that the feed tells of meanwhile was on its way, and is
-- no finding of the check; unless the feed had been read to its end some time after the wish and had not told of it.

alter table aegis.refetch add column wished_at timestamptz;
comment on column aegis.refetch.wished_at is 'When it was wished for. Null: by an earlier release.';
