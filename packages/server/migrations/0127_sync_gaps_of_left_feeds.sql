-- A feed that was taken off the list and put on it again began without a gap: what changed meanwhile of what its first load does not
-- read, such as older claims, was read by nobody. What is not mirrored now is nobody's gap until it is again.

create or replace function aegis.keep_feeds(practices integer[], feeds text[]) returns void
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    -- Without a subscription it is no feed of changes, and all is read anew each time.
    with left_off as (
      delete from aegis.feed_state s where s.practice_id = each and s.feed <> all (feeds)
      returning s.feed, s.state, s.subscribed_at, s.state_since, s.checkpoint, s.foreign_checked_at)
    insert into aegis.gap (practice_id, feed, cause, from_at, opened_at, last_at)
      select each, l.feed, 'retention-passed',
        least(coalesce(l.checkpoint, l.state_since), coalesce(l.foreign_checked_at, l.state_since)), aegis.now(), aegis.now()
      from left_off l where l.subscribed_at is not null and l.state in ('snapshot', 'live');
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;

create or replace function aegis.gaps_of(practices integer[]) returns setof aegis.gap
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    return query
      select g.* from aegis.gap g join aegis.feed_state s using (practice_id, feed)
      where g.practice_id = each and g.closed_at is null order by g.opened_at;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
