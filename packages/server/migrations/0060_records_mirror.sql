-- The mirror. Identity and free text are sealed; what stands in clear is declared in records/record-kinds.ts.

create table aegis.record (
  practice_id integer not null,
  kind text not null,
  key text not null,
  state text not null check (state in ('present', 'deleted', 'merged')),
  patient text,
  clear jsonb not null,
  sealed bytea not null,
  digest text not null,
  last_modified_at timestamptz,
  fetch_seq bigint not null,
  first_seen_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (practice_id, kind, key)
);
comment on table aegis.record is 'Our copy of one upstream resource each; identifying fields only inside "sealed".';
comment on column aegis.record.key is 'athenahealth''s id; for patients the practice''s keyed pseudonym of it.';
comment on column aegis.record.patient is 'Pseudonym of the patient the record is about, if any.';
comment on column aegis.record.digest is 'Keyed digest of the body last received: an equal one needs no unsealing to compare.';
comment on column aegis.record.last_modified_at is 'athenahealth''s own time of last change where the body carried one.';
comment on column aegis.record.fetch_seq is 'Order in which the request that brought this body was started.';
create index record_patient on aegis.record (practice_id, patient) where patient is not null;
create index record_changed on aegis.record (practice_id, kind, changed_at);
select aegis.protect('aegis.record');

create table aegis.record_count (
  practice_id integer not null,
  kind text not null,
  state text not null,
  records bigint not null default 0,
  primary key (practice_id, kind, state)
);
comment on table aegis.record_count is 'Records per kind and state, kept in the transaction that changes them.';
select aegis.protect('aegis.record_count');

create table aegis.change (
  practice_id integer not null,
  change_id bigint generated always as identity,
  kind text not null,
  key text not null,
  patient text,
  what text not null check (what in ('created', 'updated', 'deleted', 'merged', 'restored')),
  fields text[] not null,
  source text not null check (source in ('snapshot', 'feed', 'replay', 'refetch')),
  fetch_seq bigint not null,
  last_modified_at timestamptz,
  changed_at timestamptz not null,
  primary key (practice_id, change_id)
);
comment on table aegis.change is 'One row per difference between two states of a record: which fields, never their values.';
create index change_at on aegis.change (practice_id, changed_at);
create index change_of_record on aegis.change (practice_id, kind, key, change_id);
select aegis.protect('aegis.change', 'select, insert');

create table aegis.alias (
  practice_id integer not null,
  kind text not null,
  key text not null,
  survivor_key text not null,
  since timestamptz not null,
  primary key (practice_id, kind, key)
);
comment on table aegis.alias is 'A merged record''s former key and the key it lives on under.';
select aegis.protect('aegis.alias');

create sequence aegis.fetch_seq;
comment on sequence aegis.fetch_seq is 'Taken just before a request is sent: the order in which we asked.';
grant usage on sequence aegis.fetch_seq to aegis_app;
