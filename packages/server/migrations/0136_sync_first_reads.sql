-- What was read of a feed that was never read to its end is the only sign that we read it: without it what we took ourselves
-- passes for the doing of somebody else.

create or replace function aegis.sweep_sync(practices integer[], before timestamptz) returns void
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    delete from aegis.inbox_page p where p.practice_id = each and p.applied_at < before;
    delete from aegis.feed_intent i where i.practice_id = each and i.closed_at < before
      and (i.outcome = 'not-executed' or exists (
        select from aegis.feed_state f
        where f.practice_id = each and f.feed = i.feed and f.drain_ended_at is not null));
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
