-- Whether a check was given up is looked up for the one that is told of: "not exists" was answered from all runs of the practice.
create or replace function aegis.checks_of(practices integer[])
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
          and (l.unexplained > 0 or (select s.abandoned_at is null from aegis.snapshot_run s
            where s.practice_id = each and s.run_id = l.run_id) is not false)
        order by l.judged_at desc, l.unexplained desc, l.run_id desc limit 1) r on true
      where t.practice_id = each and t.task <> 'judge' order by t.feed, t.task;
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
