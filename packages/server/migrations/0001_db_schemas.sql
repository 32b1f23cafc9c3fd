-- Schemas, roles and the three functions every other migration stands on.
--   aegis    tenant tables: row-level security by practice, role aegis_app
--   control  what spans practices (schedule, quota, leases, credentials): role aegis_control
--   audit    the append-only log: role aegis_audit
-- Roles belong to the cluster, so they may exist already when another database of it holds an installation.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['aegis_app', 'aegis_control', 'aegis_audit'] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
        execute pg_catalog.format('create role %I nologin', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      null; -- another database of this cluster created it between the question and the answer
    end;
  end loop;
  -- Nobody but the owner and the roles named above may even connect, and nobody may create objects that shadow ours.
  execute pg_catalog.format('revoke all on database %I from public', pg_catalog.current_database());
  execute pg_catalog.format('grant connect on database %I to aegis_app, aegis_control, aegis_audit',
    pg_catalog.current_database());
end
$$;

revoke all on schema public from public;
-- A function is callable by everybody unless this says otherwise: each grant below is deliberate.
alter default privileges revoke execute on functions from public;

create schema aegis;
create schema if not exists control;
create schema audit;
comment on schema aegis is 'Tenant tables: every row belongs to one practice';
comment on schema control is 'What spans practices: clock, schedule, quota, leases, credentials. Never a patient record';
comment on schema audit is 'The append-only audit log';
grant usage on schema aegis, control to aegis_app;
grant usage on schema aegis, control to aegis_control;
grant usage on schema aegis, control, audit to aegis_audit;

-- The practice of the running transaction. An error when no context was ever set in the session; no practice (null)
-- after a transaction that had one, where PostgreSQL leaves an empty string behind. Never another practice.
create function aegis.practice() returns integer
  language sql stable parallel safe
  return nullif(current_setting('aegis.practice_id'), '')::integer;
grant execute on function aegis.practice() to aegis_app;

-- The installation's one clock. Identity (speed 1, no offset) unless it is slaved to a simulator's.
create table control.clock (
  only_row boolean primary key default true check (only_row),
  base_real timestamptz not null,
  base_virtual timestamptz not null,
  speed double precision not null check (speed > 0 and speed <= 100000)
);
comment on table control.clock is
  'aegis.now() = base_virtual + (real time - base_real) * speed; the machine''s time when both bases are equal and speed is 1';
insert into control.clock (base_real, base_virtual, speed)
  values (timestamptz '2000-01-01 00:00:00+00', timestamptz '2000-01-01 00:00:00+00', 1);
grant select on control.clock to aegis_app, aegis_control, aegis_audit;
grant update (base_real, base_virtual, speed) on control.clock to aegis_control;

-- Moves on within a transaction, unlike now(): a lease renewed late in a long transaction must not look old.
create function aegis.now() returns timestamptz
  language sql stable parallel safe
  begin atomic
    select case
      when c.speed = 1 and c.base_real = c.base_virtual then clock_timestamp()
      -- An interval of seconds only: one with days would be added as calendar days of the session's time zone.
      else c.base_virtual
        + make_interval(secs => extract(epoch from clock_timestamp() - c.base_real)::double precision * c.speed)
    end
    from control.clock c;
  end;
grant execute on function aegis.now() to aegis_app, aegis_control, aegis_audit;

-- Reads 'select, insert' and returns it when every word is a privilege a runtime role may hold.
create function aegis.checked_grants(grants text) returns text
  language plpgsql immutable
  set search_path = pg_catalog
as $$
declare
  word text;
begin
  foreach word in array string_to_array(grants, ',') loop
    if lower(trim(word)) not in ('select', 'insert', 'update', 'delete') then
      raise exception 'aegis: "%" is not a privilege for a runtime role (select, insert, update, delete)', trim(word);
    end if;
  end loop;
  return lower(grants);
end
$$;

-- Makes a table a tenant table: to be called for every table of the schema aegis, and again for each partition.
create function aegis.protect(target regclass, grants text default 'select, insert, update, delete') returns void
  language plpgsql
  set search_path = pg_catalog
as $$
begin
  if not exists (
    select from pg_attribute
    where attrelid = target and attnum = 1 and attname = 'practice_id' and atttypid = 'integer'::regtype and attnotnull
  ) then
    raise exception 'aegis: the first column of % must be "practice_id integer not null"', target;
  end if;
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('drop policy if exists practice on %s', target);
  execute format('create policy practice on %s using (practice_id = aegis.practice()) with check (practice_id = aegis.practice())', target);
  execute format('revoke all on %s from public, aegis_app, aegis_control, aegis_audit', target);
  execute format('grant %s on %s to aegis_app', aegis.checked_grants(grants), target);
end
$$;

-- Gives a table of the schema control to the role that runs what spans practices.
create function control.share(target regclass, grants text default 'select, insert, update, delete') returns void
  language plpgsql
  set search_path = pg_catalog
as $$
begin
  execute format('revoke all on %s from public, aegis_app, aegis_control, aegis_audit', target);
  execute format('grant %s on %s to aegis_control', aegis.checked_grants(grants), target);
end
$$;
