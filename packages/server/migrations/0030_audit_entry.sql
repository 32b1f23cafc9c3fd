-- The audit log: append-only, in time order per writer, nothing that identifies a patient in clear.
-- The checks on clear columns look for a character that may not be there: a pattern of the whole text with bounded
-- repetition costs PostgreSQL four times as much as the insert itself.

create table audit.entry (
  practice_id integer not null check (practice_id >= 0),
  id uuid not null,
  attempt_id uuid,
  writer_id uuid not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default aegis.now(),
  type text not null check (type !~ '[^a-z-]' and length(type) between 1 and 40),
  subtype text not null check (subtype !~ '[^a-z0-9-]' and length(subtype) between 1 and 63),
  action text not null check (action in ('C', 'R', 'U', 'D', 'E')),
  outcome text not null check (outcome in ('attempt', 'success', 'failure', 'unknown')),
  actor_kind text not null check (actor_kind in ('system', 'operator', 'user', 'caller', 'patient')),
  actor_id text not null check (actor_id !~ '[^A-Za-z0-9._:-]' and length(actor_id) between 1 and 128),
  purpose text check (purpose !~ '[^A-Z]' and length(purpose) between 3 and 10),
  entity text check (entity !~ '[^A-Za-z0-9._:/-]' and length(entity) between 1 and 256),
  patients uuid[] not null default '{}',
  record_count integer check (record_count >= 0),
  route text check (route !~ '[^A-Za-z0-9_{}.$/ -]|/[0-9]+/|/[0-9]+$' and length(route) between 1 and 264),
  request_id text check (request_id !~ '[^A-Za-z0-9._:-]' and length(request_id) between 1 and 128),
  upstream_request_id text check (upstream_request_id !~ '[^A-Za-z0-9._:-]' and length(upstream_request_id) between 1 and 128),
  detail bytea,
  version smallint not null,
  primary key (practice_id, id),
  check (outcome <> 'attempt' or attempt_id is null)
);
comment on table audit.entry is
  'One line per event. An event that reaches outside has two: the attempt, durable before it starts, and its outcome';
comment on column audit.entry.practice_id is '0: the installation as a whole';
comment on column audit.entry.id is 'UUID version 7, rising per writer';
comment on column audit.entry.attempt_id is 'Of an outcome: the attempt it closes';
comment on column audit.entry.writer_id is 'The process that wrote it';
comment on column audit.entry.action is 'Create, Read, Update, Delete, Execute (DICOM and FHIR AuditEvent)';
comment on column audit.entry.purpose is 'HL7 purpose of use, e.g. TREAT, HOPERAT';
comment on column audit.entry.entity is 'What was acted on, if it is no patient: a credential, a setting';
comment on column audit.entry.patients is 'Pseudonyms of the patients concerned; their ids are in the sealed detail';
comment on column audit.entry.route is 'Template of the endpoint, never a URL';
comment on column audit.entry.detail is 'Sealed under the practice''s key: patient ids, search terms, reasons';
comment on column audit.entry.version is 'Of the meaning of these columns';

create index entry_time on audit.entry (practice_id, recorded_at);
create index entry_outcome on audit.entry (practice_id, attempt_id) where attempt_id is not null;
create index entry_attempt on audit.entry (writer_id, id) where outcome = 'attempt';
create index entry_patient on audit.entry using gin (patients) where patients <> '{}';

-- Append-only three times over: no role is granted more, row-level security has no policy for it, and a trigger refuses
-- it even to the owner, also in a session that plays a replica. A superuser can still drop the trigger.
create function audit.refuse_change() returns trigger
  language plpgsql
  set search_path = pg_catalog
as $$
begin
  raise exception 'aegis: the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on audit.entry
  for each statement execute function audit.refuse_change();
alter table audit.entry enable always trigger append_only;

alter table audit.entry enable row level security;
alter table audit.entry force row level security;
create policy every_practice on audit.entry to aegis_audit using (true) with check (true);
-- Entries that belong to a local change are written in its transaction, by the role that makes the change: only into its
-- practice, or, for control tables, into none. Neither role can read the log.
create policy own_practice on audit.entry for insert to aegis_app with check (practice_id = aegis.practice());
create policy installation on audit.entry for insert to aegis_control with check (practice_id = 0);
revoke all on audit.entry from public, aegis_app, aegis_control, aegis_audit;
grant select, insert on audit.entry to aegis_audit;
grant insert on audit.entry to aegis_app, aegis_control;
grant usage on schema audit to aegis_app, aegis_control;

create table control.audit_writer (
  writer_id uuid primary key,
  started_at timestamptz not null,
  settled_before uuid not null
);
comment on table control.audit_writer is
  'Processes that may have attempts without an outcome: none of theirs is older than settled_before';
select control.share('control.audit_writer');
