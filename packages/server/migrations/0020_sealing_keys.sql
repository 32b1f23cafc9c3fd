-- Keys at rest. Only wrapped ones: the key-encryption keys are never in the database.

create table control.kek (
  purpose text primary key check (purpose in ('phi', 'credentials')),
  kek_id text not null,
  fingerprint text not null,
  first_used_at timestamptz not null
);
comment on table control.kek is
  'Fingerprints of the key-encryption keys in use. While a row is here, a missing or other key is refused and never replaced';
select control.share('control.kek', 'select, insert');

create table aegis.keyring (
  practice_id integer not null,
  epoch bigint not null default 1,
  destroyed_at timestamptz,
  primary key (practice_id)
);
comment on table aegis.keyring is
  'One row per practice that ever had keys. Every process compares the epoch at least every 10 seconds and then loads the '
  'practice''s keys anew if it rose: raise it with every rotation, and destroy a key only after that time has passed';
comment on column aegis.keyring.destroyed_at is 'Set when the practice''s keys were destroyed: it gets no new ones by itself';
select aegis.protect('aegis.keyring', 'select, insert, update');

create table aegis.data_key (
  practice_id integer not null,
  kind text not null check (kind in ('practice', 'index', 'patient')),
  subject uuid not null,
  version integer not null check (version > 0),
  wrapped_key bytea not null,
  kek_id text,
  uses bigint not null default 0,
  seals_from timestamptz not null,
  created_at timestamptz not null,
  primary key (practice_id, kind, subject, version),
  check ((kind = 'patient') = (kek_id is null))
);
comment on table aegis.data_key is
  'Wrapped keys: a practice''s by the key-encryption key, a patient''s by the practice''s. Without its row, what a key sealed '
  'is unreadable for ever';
comment on column aegis.data_key.kind is
  'practice and patient keys seal; the index key, never rotated, makes pseudonyms, blind indexes and digests';
comment on column aegis.data_key.subject is 'The patient''s pseudonym; zero for a key of the practice';
comment on column aegis.data_key.uses is 'About how many values it has sealed, in portions of 4096';
comment on column aegis.data_key.seals_from is 'When the version starts to seal; it opens at once';
select aegis.protect('aegis.data_key', 'select, insert, update');
