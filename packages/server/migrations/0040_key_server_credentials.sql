-- Credentials and tokens of athenahealth apps. Secrets and tokens only sealed, under the key-encryption key for credentials.

create table control.credential (
  environment text not null check (environment in ('preview', 'production', 'local')),
  client_id text not null,
  version integer not null check (version > 0),
  sealed_secret bytea,
  added_at timestamptz not null,
  revoked_at timestamptz,
  primary key (environment, client_id),
  check ((sealed_secret is null) = (revoked_at is not null))
);
comment on table control.credential is 'One row per athenahealth app and environment. Whoever asks for a token locks it';
comment on column control.credential.version is 'Rises with every new secret';
select control.share('control.credential', 'select, insert, update');

create table control.access_token (
  environment text not null,
  client_id text not null,
  base_url text not null,
  scope text not null,
  generation bigint not null default 0,
  sealed_token bytea,
  expires_at timestamptz,
  refresh_at timestamptz,
  usable_until timestamptz,
  holder uuid,
  held_until timestamptz,
  forced_at timestamptz,
  failures integer not null default 0,
  retry_at timestamptz,
  failure text,
  primary key (environment, client_id, base_url, scope),
  foreign key (environment, client_id) references control.credential
);
comment on table control.access_token is 'One token per app, host and scope, for all processes';
comment on column control.access_token.generation is 'Number of the newest token; a caller that was refused names the one it had';
comment on column control.access_token.holder is 'Who is fetching a token just now, until held_until';
comment on column control.access_token.forced_at is 'When a token was last fetched because athenahealth refused a valid one';
comment on column control.access_token.retry_at is 'No request before this; "failure" says why';
select control.share('control.access_token');

create table control.token_request (
  environment text not null,
  client_id text not null,
  base_url text not null,
  request_id uuid not null,
  counts_until timestamptz not null,
  primary key (environment, client_id, base_url, request_id),
  foreign key (environment, client_id) references control.credential
);
comment on table control.token_request is
  'Token requests that count towards the limit per minute: from before they are sent until a minute after they ended';
select control.share('control.token_request');
