-- A credential that is replaced ends some time after its successor was used first, and not before: what was mistyped must
-- not take away what works. And why one is passed over, and that tokens are refused that were granted just before.

alter table control.credential
  add column ends_after integer,
  add column ends_in interval,
  add column unusable text,
  add check ((ends_after is null) = (ends_in is null));
comment on column control.credential.ends_after is
  'Number of its successor: expires_at is set as soon as a token was got with that one';
comment on column control.credential.ends_in is 'How long it stays valid then';
comment on column control.credential.unusable is
  'Why it could not be used at refused_at, when that was not athenahealth but a code of our own';

alter table control.access_token add column refused_at timestamptz;
comment on column control.access_token.refused_at is
  'When last a token was refused that had replaced a refused one just before';
