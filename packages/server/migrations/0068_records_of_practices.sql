-- Counts of many practices in one statement: a status over thousands must not need a transaction each. The function has
-- no right of its own: it enters one practice after the other, as its caller could, and row-level security shows it that
-- one's rows only. Afterwards the transaction is in no practice.

create function aegis.record_counts_of(practices integer[], minute_from timestamptz, hour_from timestamptz)
  returns table (practice_id integer, kind text, present bigint, deleted bigint, merged bigint,
    changes_minute bigint, changes_hour bigint)
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
      select each, k.kind, coalesce(sum(k.records) filter (where k.state = 'present'), 0)::bigint,
        coalesce(sum(k.records) filter (where k.state = 'deleted'), 0)::bigint,
        coalesce(sum(k.records) filter (where k.state = 'merged'), 0)::bigint, 0::bigint, 0::bigint
      from aegis.record_count k where k.practice_id = each group by k.kind;
    return query
      select each, null::text, 0::bigint, 0::bigint, 0::bigint,
        count(*) filter (where c.changed_at >= minute_from), count(*)
      from aegis.change c where c.practice_id = each and c.changed_at >= hour_from having count(*) > 0;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.record_counts_of(integer[], timestamptz, timestamptz) to aegis_app;
