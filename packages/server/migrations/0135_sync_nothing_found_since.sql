-- That nothing is found was told of as of the wish, or the first look that missed the record: an outage may have lain between.
alter table aegis.refetch add column nothing_found_since timestamptz;
comment on column aegis.refetch.nothing_found_since is
  'Since when each asking has left it so; null where it is not, or an earlier release noted it.';

create or replace function aegis.trouble_of(practices integer[])
  returns table (practice_id integer, feed text, open_intents bigint, waiting_pages bigint, in_doubt bigint,
    quarantined bigint, unfound bigint, unfound_since timestamptz, unclear bigint, unclear_since timestamptz,
    unsettled bigint, unsettled_since timestamptz)
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
        count(t.missing_since)::bigint, min(t.missing_since), count(t.unclear_since)::bigint, min(t.unclear_since),
        count(t.unsettled_since)::bigint, min(t.unsettled_since)
      from (
        select i.feed, 1 as intents, 0 as pages, 0 as doubts, 0 as aside, null::timestamptz as missing_since,
            null::timestamptz as unclear_since, null::timestamptz as unsettled_since
          from aegis.feed_intent i where i.practice_id = each and i.closed_at is null
        union all
        select p.feed, 0, 1, 0, 0, null, null, null from aegis.inbox_page p where p.practice_id = each and p.applied_at is null
        union all
        -- Due for longer, or put off with its feed for longer, it was not asked for.
        select r.feed, 0, 0, 1, 0,
          case when r.nothing_found and r.due_at >= aegis.now() - interval '5 minutes'
            and (r.due_at = r.wanted_at or r.due_at <= aegis.now() + interval '10 minutes') then coalesce(r.nothing_found_since, r.missing_since, r.wished_at) end,
          case when r.patient_unclear and r.due_at >= aegis.now() - interval '5 minutes'
            then coalesce(r.unclear_since, r.missing_since, r.wished_at) end,
          -- Asked for, and put off by itself since.
          case when not r.nothing_found and not r.patient_unclear and r.due_at >= aegis.now() - interval '5 minutes'
            and r.wanted_at > r.wished_at + interval '1 minute' and r.wished_at < aegis.now() - interval '1 day' then r.wished_at end
        from (
          select w.feed, w.nothing_found, w.nothing_found_since, w.patient_unclear, w.unclear_since, w.missing_since, w.wished_at, w.wanted_at, case when w.wanted_at <= f.refetch_put_off_at
            then greatest(w.wanted_at, f.refetch_put_off_until) else w.wanted_at end as due_at
          from aegis.refetch w left join aegis.feed_state f using (practice_id, feed) where w.practice_id = each) r
        union all
        select q.feed, 0, 0, 0, 1, null, null, null from aegis.quarantine q where q.practice_id = each and q.released_at is null
      ) t group by t.feed;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.trouble_of(integer[]) to aegis_app;
