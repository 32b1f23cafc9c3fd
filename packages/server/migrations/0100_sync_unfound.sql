-- Records that athenahealth does not find by id for long, with every other of their kind: somebody should know before they count as gone.
drop function aegis.trouble_of(integer[]);
create function aegis.trouble_of(practices integer[])
  returns table (practice_id integer, feed text, open_intents bigint, waiting_pages bigint, in_doubt bigint,
    quarantined bigint, unfound bigint, unfound_since timestamptz)
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
      select each, t.feed, sum(t.intents)::bigint, sum(t.pages)::bigint, sum(t.doubts)::bigint, sum(t.aside)::bigint,
        count(t.missing_since)::bigint, min(t.missing_since)
      from (
        select i.feed, 1 as intents, 0 as pages, 0 as doubts, 0 as aside, null::timestamptz as missing_since
          from aegis.feed_intent i where i.practice_id = each and i.closed_at is null
        union all
        select p.feed, 0, 1, 0, 0, null from aegis.inbox_page p where p.practice_id = each and p.applied_at is null
        union all
        -- One that was not found is asked for again within ten minutes. Due for longer, or put off for longer, it was not asked for.
        select r.feed, 0, 0, 1, 0,
          case when r.wanted_at between aegis.now() - interval '5 minutes' and aegis.now() + interval '10 minutes'
            then r.missing_since end
          from aegis.refetch r where r.practice_id = each
        union all
        select q.feed, 0, 0, 0, 1, null from aegis.quarantine q where q.practice_id = each and q.released_at is null
      ) t group by t.feed;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.trouble_of(integer[]) to aegis_app;
