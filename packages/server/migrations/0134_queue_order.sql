-- Jobs are taken in the order of created_on. Its default is the beginning of the transaction, one instant for all feeds that were
-- found due in one look: among them the place in the table decided, and not who had been due for longest.

create or replace function aegis.enqueue(job text, payload jsonb, lane text default null) returns boolean
  language plpgsql security definer
  set search_path = pg_catalog
as $$
declare
  queue record;
  -- The channel on which pg-boss 12 listens for its schema "pgboss".
  channel constant text := 'pgboss_' || left(encode(sha224('pgboss'::bytea), 'hex'), 24);
begin
  select * into queue from pgboss.queue q where q.name = job;
  if not found then
    raise exception 'aegis: no job of this name is declared' using errcode = 'undefined_object';
  end if;
  -- More than one round only when the waiting job was taken between the two statements.
  for round in 1 .. 100 loop
    insert into pgboss.job_common (
      name, data, singleton_key, group_id, policy, dead_letter, heartbeat_seconds, expire_seconds, deletion_seconds,
      keep_until, retry_limit, retry_delay, retry_backoff, retry_delay_max, created_on)
    values (
      job, payload, lane, lane, queue.policy, queue.dead_letter, queue.heartbeat_seconds, queue.expire_seconds,
      queue.deletion_seconds, clock_timestamp() + queue.retention_seconds * interval '1 second', queue.retry_limit,
      queue.retry_delay, queue.retry_backoff, queue.retry_delay_max, clock_timestamp())
    on conflict do nothing;
    if found then
      perform pg_notify(channel, job);
      return true;
    end if;
    perform from pgboss.job_common j
      where j.name = job and j.state = 'created' and j.singleton_key = lane
      for share;
    if found then
      -- The worker skipped the job while it was locked; it must look again when this transaction is over.
      perform pg_notify(channel, job);
      return false;
    end if;
  end loop;
  raise exception 'aegis: the lane is taken faster than it can be joined' using errcode = 'lock_not_available';
end
$$;
