-- What a process finds wrong with itself (a key server that it cannot reach, a certificate that ends soon) is shown by all.
alter table control.replica add column alarms jsonb not null default '[]';
comment on column control.replica.alarms is 'Of this process alone, as it last said so: codes and texts, nothing of a patient.';
