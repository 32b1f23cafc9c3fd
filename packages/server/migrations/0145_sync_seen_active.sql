-- From when a lost subscription left a gap was worked out from the last look or the last read, of which neither had to have shown that
-- all events were subscribed.

alter table aegis.feed_state add column seen_active_at timestamptz;
comment on column aegis.feed_state.seen_active_at is
  'When athenahealth last said that all events of the feed are subscribed; null where that was not looked for yet.';

create or replace function aegis.bound_sync_times(practices integer[], at timestamptz) returns void
  language plpgsql volatile
  set search_path = pg_catalog
as $$
declare
  each integer;
  -- What was known of athenahealth is believed from so long ago only: by how much the clock was ahead is not known exactly.
  surely constant timestamptz := at - interval '1 day';
begin
  foreach each in array practices loop
    perform set_config('aegis.practice_id', each::text, true);
    update aegis.feed_state f set
      state_since = least(f.state_since, at),
      subscribed_at = case when f.subscribed_at > at then at else f.subscribed_at end,
      active_at = case when f.active_at > at then at else f.active_at end,
      provisional_at = case when f.provisional_at > at then at else f.provisional_at end,
      snapshot_at = case when f.snapshot_at > at then at else f.snapshot_at end,
      resnapshot_wanted_at = case when f.resnapshot_wanted_at > at then at else f.resnapshot_wanted_at end,
      resnapshot_asked_at = case when f.resnapshot_asked_at > at then at else f.resnapshot_asked_at end,
      checkpoint = case when f.checkpoint > at then surely else f.checkpoint end,
      drain_started_at = case when f.drain_started_at > at then at else f.drain_started_at end,
      drain_ended_at = case when f.drain_ended_at > at then at else f.drain_ended_at end,
      subscription_checked_at = case when f.subscription_checked_at > at then surely else f.subscription_checked_at end,
      seen_active_at = case when f.seen_active_at > at then surely else f.seen_active_at end,
      foreign_checked_at = case when f.foreign_checked_at > at then surely else f.foreign_checked_at end,
      left_at = case when f.left_at > at then surely else f.left_at end,
      last_change_at = case when f.last_change_at > at then at else f.last_change_at end,
      unclear_since = case when f.unclear_since > at then at else f.unclear_since end,
      partial_since = case when f.partial_since > at then at else f.partial_since end,
      resubscribed_at = case when f.resubscribed_at > at then at else f.resubscribed_at end,
      retry_at = case when f.retry_at > at then at else f.retry_at end,
      refetch_put_off_at = case when f.refetch_put_off_at > at then at else f.refetch_put_off_at end,
      refetch_put_off_until = case when f.refetch_put_off_until > at then at else f.refetch_put_off_until end,
      look_put_off_until = case when f.look_put_off_until > at then at else f.look_put_off_until end,
      subscription_put_off_until = case when f.subscription_put_off_until > at then at else f.subscription_put_off_until end
    where f.practice_id = each and greatest(f.state_since, f.subscribed_at, f.active_at, f.provisional_at, f.snapshot_at,
      f.resnapshot_wanted_at, f.resnapshot_asked_at, f.checkpoint, f.drain_started_at, f.drain_ended_at,
      f.subscription_checked_at, f.seen_active_at, f.foreign_checked_at, f.left_at, f.last_change_at, f.unclear_since,
      f.partial_since, f.resubscribed_at, f.retry_at, f.refetch_put_off_at, f.refetch_put_off_until, f.look_put_off_until,
      f.subscription_put_off_until) > at;
    -- opened_at stays: that it lies ahead says that nobody knows when it was (see windowOfDoubt).
    update aegis.feed_intent i set doubted_at = at
    where i.practice_id = each and i.closed_at is null and i.doubted_at > at;
    update aegis.gap g set
      from_at = case when g.from_at > at then surely else g.from_at end,
      opened_at = least(g.opened_at, at),
      last_at = least(g.last_at, at)
    where g.practice_id = each and g.closed_at is null and greatest(g.from_at, g.opened_at, g.last_at) > at;
    -- Begun a moment before any wish and any gap of above, so that it counts for none of them.
    update aegis.snapshot_run r set started_at = at - interval '1 second'
    where r.practice_id = each and r.finished_at is null and r.started_at > at;
    update aegis.refetch d set
      wanted_at = least(d.wanted_at, at),
      wished_at = case when d.wished_at > at then at else d.wished_at end,
      missing_since = case when d.missing_since > at then at else d.missing_since end
    where d.practice_id = each and greatest(d.wanted_at, d.wished_at, d.missing_since) > at;
    -- No check is further ahead than a week and a night.
    update aegis.reconciliation_task t set
      due_at = case when t.due_at > at + interval '9 days' then at else t.due_at end,
      done_at = case when t.done_at > at then surely else t.done_at end
    where t.practice_id = each and (t.due_at > at + interval '9 days' or t.done_at > at);
  end loop;
  perform set_config('aegis.practice_id', '', true);
end
$$;
