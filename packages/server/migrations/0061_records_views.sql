-- What analysts read. A value in "sealed" names the record and carries its ciphertext; `aegis sql --unseal` opens it.

create schema mirror;
comment on schema mirror is 'Read-only views over the mirror of one practice.';
grant usage on schema mirror to aegis_app;

create view mirror.department with (security_invoker = true) as
select practice_id, key as department_id, clear ->> 'timeZone' as time_zone,
  clear ->> 'providerGroupId' as provider_group_id, state, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'department';
comment on view mirror.department is 'Sites of the practice; name and address are sealed.';
comment on column mirror.department.time_zone is 'IANA zone of the department''s wall times.';

create view mirror.provider with (security_invoker = true) as
select practice_id, key as provider_id, clear ->> 'entityType' as entity_type,
  clear ->> 'providerTypeId' as provider_type_id, state, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'provider';
comment on view mirror.provider is 'People and resources that can be scheduled; names are sealed.';

create view mirror.appointment_type with (security_invoker = true) as
select practice_id, key as appointment_type_id, (clear ->> 'durationMinutes')::integer as duration_minutes,
  (clear ->> 'generic')::boolean as generic, state, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'appointmenttype';
comment on view mirror.appointment_type is 'Kinds of visit the practice offers.';

create view mirror.patient with (security_invoker = true) as
select practice_id, key as patient, clear ->> 'status' as status, clear ->> 'departmentId' as department_id,
  clear ->> 'providerId' as provider_id, state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'patient';
comment on view mirror.patient is 'Patients by pseudonym; everything that identifies them is sealed.';
comment on column mirror.patient.patient is 'Keyed pseudonym: the same patient has the same one in every view of this practice.';
comment on column mirror.patient.state is 'present, deleted (status=deleted upstream) or merged (lives on under another pseudonym).';

create view mirror.appointment with (security_invoker = true) as
select practice_id, key as appointment_id, patient, clear ->> 'departmentId' as department_id,
  clear ->> 'providerId' as provider_id, clear ->> 'appointmentTypeId' as appointment_type_id,
  clear ->> 'status' as status, (clear ->> 'startsAt')::timestamptz as starts_at, clear ->> 'localDate' as local_date,
  clear ->> 'localTime' as local_time, (clear ->> 'durationMinutes')::integer as duration_minutes,
  last_modified_at, state, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record
where kind = 'appointment' and clear ->> 'status' is distinct from 'o'
  and (clear ->> 'status' = 'x' and patient is null) is not true;
comment on view mirror.appointment is 'Booked, cancelled and past appointments. Slots nobody has booked are in open_slot; a slot that was taken away (cancelled, without a patient) is in neither.';
comment on column mirror.appointment.status is 'x cancelled, f future, 2 checked in, 3 checked out, 4 charge entered.';
comment on column mirror.appointment.starts_at is 'Instant of the start; null when the department''s zone is not known yet.';
comment on column mirror.appointment.local_time is 'Start as the department''s clock shows it, HH:MM.';

create view mirror.open_slot with (security_invoker = true) as
select practice_id, key as appointment_id, clear ->> 'departmentId' as department_id,
  clear ->> 'providerId' as provider_id, clear ->> 'appointmentTypeId' as appointment_type_id,
  (clear ->> 'startsAt')::timestamptz as starts_at, clear ->> 'localDate' as local_date,
  clear ->> 'localTime' as local_time, (clear ->> 'durationMinutes')::integer as duration_minutes, state, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'appointment' and clear ->> 'status' = 'o';
comment on view mirror.open_slot is 'Slots that can be booked. A slot and the appointment that fills it share one id.';

create view mirror.change with (security_invoker = true) as
select practice_id, change_id, kind, key, patient, what, fields, source, last_modified_at, changed_at from aegis.change;
comment on view mirror.change is 'Every difference seen, in the order it was applied within the practice.';

create view mirror.alias with (security_invoker = true) as
select practice_id, kind, key, survivor_key, since from aegis.alias;
comment on view mirror.alias is 'Former keys of merged records.';

grant select on all tables in schema mirror to aegis_app;
