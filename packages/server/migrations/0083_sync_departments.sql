-- Feeds that are limited to departments. Null: the whole practice. A row says what is wanted and what was subscribed, because
-- processes that share a database must read a feed for the same departments.

alter table aegis.feed_state
  add column departments jsonb,
  add column subscribed_departments jsonb,
  add column added_departments jsonb,
  add column resubscribed_at timestamptz;
comment on column aegis.feed_state.departments is 'Ids of the departments that the feed is to be limited to.';
comment on column aegis.feed_state.subscribed_departments is 'Those that its subscription was last asked for with; reads name the same.';
comment on column aegis.feed_state.added_departments is
  'Those that came to the subscription while the feed was live: the snapshot that is wanted reads only these. Null: it reads all.';
comment on column aegis.feed_state.resubscribed_at is 'When the departments of the subscription of a live feed were last changed.';

alter table aegis.snapshot_run add column is_part boolean not null default false;
comment on column aegis.snapshot_run.is_part is 'Reads departments that were added only: it says nothing of the others.';

create function aegis.limit_feeds(practices integer[], feeds text[], limits jsonb) returns void
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    update aegis.feed_state s set departments = limits -> each::text
    where s.practice_id = each and s.feed = any (feeds) and s.departments is distinct from limits -> each::text;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.limit_feeds(integer[], text[], jsonb) to aegis_app;
