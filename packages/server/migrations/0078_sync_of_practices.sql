-- What aegis.record_counts_of is for records, for the feeds of many practices: each is entered in turn, under row-level
-- security, with no more rights than the caller's. Afterwards the transaction is in no practice.

create function aegis.feeds_of(practices integer[]) returns setof aegis.feed_state
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    return query select f.* from aegis.feed_state f where f.practice_id = each;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.feeds_of(integer[]) to aegis_app;

create function aegis.gaps_of(practices integer[]) returns setof aegis.gap
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    return query
      select g.* from aegis.gap g where g.practice_id = each and g.closed_at is null order by g.opened_at;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.gaps_of(integer[]) to aegis_app;

create function aegis.trouble_of(practices integer[])
  returns table (practice_id integer, feed text, open_intents bigint, waiting_pages bigint, in_doubt bigint,
    quarantined bigint)
  language plpgsql volatile
  set search_path = pg_catalog
as $$
#variable_conflict use_column
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    return query
      select each, t.feed, sum(t.intents)::bigint, sum(t.pages)::bigint, sum(t.doubts)::bigint, sum(t.aside)::bigint
      from (
        select i.feed, 1 as intents, 0 as pages, 0 as doubts, 0 as aside
          from aegis.feed_intent i where i.practice_id = each and i.closed_at is null
        union all
        select p.feed, 0, 1, 0, 0 from aegis.inbox_page p where p.practice_id = each and p.applied_at is null
        union all
        select r.feed, 0, 0, 1, 0 from aegis.refetch r where r.practice_id = each
        union all
        select q.feed, 0, 0, 0, 1 from aegis.quarantine q where q.practice_id = each and q.released_at is null
      ) t group by t.feed;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.trouble_of(integer[]) to aegis_app;

-- The beginning of a practice's feeds, for as many practices as a large installation starts with at once.
create function aegis.add_feeds(practices integer[], feeds text[]) returns void
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    insert into aegis.feed_state (practice_id, feed, state_since)
      select each, f, aegis.now() from unnest(feeds) f
      where not exists (select from aegis.feed_state s where s.practice_id = each and s.feed = f)
      on conflict do nothing;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.add_feeds(integer[], text[]) to aegis_app;

create function aegis.sweep_sync(practices integer[], before timestamptz) returns void
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    delete from aegis.inbox_page p where p.practice_id = each and p.applied_at < before;
    delete from aegis.feed_intent i where i.practice_id = each and i.closed_at < before;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.sweep_sync(integer[], timestamptz) to aegis_app;
