-- The processes that share this database: who is there, and whose work is left behind. Spans practices, holds no record.
create table control.replica (
  home_id uuid primary key,
  instance uuid not null,
  writer_id uuid not null,
  role text not null,
  place text not null,
  version text not null,
  practices integer not null,
  practices_digest text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
);
comment on table control.replica is 'Processes that share the database, one row a home, gone with a stop; seen_at by aegis.now()';
comment on column control.replica.writer_id is 'The writer of its audit entries: with the process dead, its open attempts are closed.';
comment on column control.replica.practices_digest is 'Of the list of practices it is configured with: it should be the same everywhere.';
select control.share('control.replica');
