-- Feeds that are not mirrored any more begin anew if they ever are again: nobody reads their changes meanwhile.

create function aegis.keep_feeds(practices integer[], feeds text[]) returns void
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    delete from aegis.feed_state s where s.practice_id = each and s.feed <> all (feeds);
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
grant execute on function aegis.keep_feeds(integer[], text[]) to aegis_app;
