-- An app has any number of credentials: secrets and private keys, in an order, each from a time and up to a time.

alter table control.credential rename to app;
alter table control.app rename constraint credential_pkey to app_pkey;

create table control.credential (
  environment text not null,
  client_id text not null,
  number integer not null check (number > 0),
  kind text not null check (kind in ('secret', 'private-key')),
  origin text not null check (origin in ('operator', 'configuration', 'vault')),
  place integer not null,
  sealed_secret bytea,
  sealed_digest bytea,
  kid text,
  public_key jsonb,
  audience text,
  added_at timestamptz not null,
  used_from timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  refused_at timestamptz,
  used_at timestamptz,
  primary key (environment, client_id, number),
  foreign key (environment, client_id) references control.app,
  check ((sealed_secret is null) = (revoked_at is not null)),
  check ((kind = 'private-key') = (public_key is not null and kid is not null))
);
comment on table control.credential is
  'Secrets and private keys of an app. Sealed; a revoked one is wiped. Changed under the lock of the app';
comment on column control.credential.number is 'Never used twice: what is sealed is bound to it';
comment on column control.credential.place is 'The lowest is used first';
comment on column control.credential.sealed_digest is
  'Outlives the secret: one that was revoked is known when it is given again';
comment on column control.credential.used_from is 'Before, a key is only published; null: at once';
comment on column control.credential.refused_at is 'athenahealth refused it then; the next one serves';
select control.share('control.credential', 'select, insert, update');

insert into control.credential
  (environment, client_id, number, kind, origin, place, sealed_secret, added_at, revoked_at)
select environment, client_id, version, 'secret', 'configuration', 0, sealed_secret, added_at, revoked_at
from control.app;

alter table control.app drop column sealed_secret, drop column added_at, drop column revoked_at;
alter table control.app rename column version to last_number;
alter table control.app drop constraint credential_version_check;
alter table control.app add check (last_number >= 0);
comment on table control.app is 'One row per athenahealth app and environment. Whoever asks for a token locks it';
comment on column control.app.last_number is 'Of its newest credential';

alter table control.access_token add column credential integer;
comment on column control.access_token.credential is 'Number of the credential it was got with';

create table control.credential_holder (
  environment text not null,
  client_id text not null,
  holder text not null check (holder ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$'),
  added_at timestamptz not null,
  added_by text not null,
  primary key (environment, client_id, holder),
  foreign key (environment, client_id) references control.app
);
comment on table control.credential_holder is 'Who may change the credentials of an app. Without any, whoever can reach it';
select control.share('control.credential_holder', 'select, insert, delete');
