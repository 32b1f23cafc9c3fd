-- The checks of many practices, each entered in turn as in 0078.

create function aegis.checks_of(practices integer[])
  returns table (practice_id integer, feed text, task text, due_at timestamptz, turn integer, pages_left integer,
    done_at timestamptz, failures integer, failure_code text, read_at timestamptz, compared bigint, missing_here integer,
    differing integer, gone_there integer, explained integer, unexplained integer)
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
      select each, t.feed, t.task, t.due_at, t.turn, t.pages_left, t.done_at, t.failures, t.failure_code, r.read_at,
        r.compared, r.missing_here, r.differing, r.gone_there, r.explained, r.unexplained
      from aegis.reconciliation_task t
      left join lateral (
        select l.* from aegis.reconciliation l
        where l.practice_id = each and l.feed = t.feed and l.task = t.task and l.judged_at is not null
        order by l.run_id desc limit 1) r on true
      where t.practice_id = each and t.task <> 'judge' order by t.feed, t.task;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.checks_of(integer[]) to aegis_app;

create function aegis.sweep_checks(practices integer[], before timestamptz) returns void
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    with old as (
      delete from aegis.reconciliation r where r.practice_id = each and r.judged_at < before
        -- The latest of a feed and task is what its alarm stands on.
        and exists (select from aegis.reconciliation l
          where l.practice_id = each and l.feed = r.feed and l.task = r.task and l.run_id > r.run_id
            and l.judged_at is not null)
      returning r.run_id),
    differences as (
      delete from aegis.difference d where d.practice_id = each and d.run_id in (select run_id from old))
    delete from aegis.snapshot_run s where s.practice_id = each and s.run_id in (select run_id from old);
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.sweep_checks(integer[], timestamptz) to aegis_app;
