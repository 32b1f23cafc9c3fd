-- Who starts without the owner's URL sees what is applied, and a release sees whether it is too old for it (decision 112).

alter table control.migration add column must_be_known boolean not null default false;
comment on column control.migration.must_be_known is
  'Whether a release that does not have this migration cannot work with the database any more. Set by the one that takes away what such releases read';
select control.share('control.migration', 'select');
