-- One holder at a time of a named piece of work. The row of a name is never deleted: its fence only grows.
--
-- The fence is what protects a resource from a holder that was paused past its time and does not know it yet: the
-- resource's row keeps the highest fence that wrote it, and every write says
--     update control.thing set …, fence = $fence where id = $id and fence <= $fence
-- and treats "no row" as a lost lease.
create table control.lease (
  name text primary key,
  fence bigint not null,
  holder text not null,
  expires_at timestamptz not null
);
comment on table control.lease is 'Leases: who may do a named piece of work, until when (by aegis.now()), under which fencing number';
select control.share('control.lease', 'select, insert, update');
