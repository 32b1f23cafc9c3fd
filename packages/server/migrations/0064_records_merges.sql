-- Both patients of a merge are named by its changes; a record that upstream no longer shows is withheld, not deleted.

alter table aegis.change add column other_key text;
comment on column aegis.change.other_key is
  'The other patient of a merge: of a merged one its survivor, of a restored one whom it had been merged into.';
alter table aegis.change drop constraint change_what_check;
alter table aegis.change add constraint change_what_check
  check (what in ('created', 'updated', 'deleted', 'merged', 'restored', 'withheld'));
alter table aegis.change drop constraint change_source_check;
alter table aegis.change add constraint change_source_check
  check (source in ('snapshot', 'feed', 'replay', 'refetch', 'reconciliation'));

alter table aegis.record drop constraint record_state_check;
alter table aegis.record add constraint record_state_check
  check (state in ('present', 'deleted', 'merged', 'withheld'));

create or replace view mirror.change with (security_invoker = true) as
select practice_id, change_id, kind, key, patient, what, fields, source, last_modified_at, changed_at, other_key
from aegis.change;
comment on column mirror.patient.state is
  'present, deleted (status=deleted upstream), merged (lives on under another pseudonym) or withheld (athenahealth no longer shows it to us: restricted, or gone).';
