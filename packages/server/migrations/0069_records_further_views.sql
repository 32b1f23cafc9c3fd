-- Views of the kinds that are mirrored where they are wanted.

create view mirror.referring_provider with (security_invoker = true) as
select practice_id, key as referring_provider_id, clear ->> 'entityType' as entity_type, state, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'referringprovider';
comment on view mirror.referring_provider is 'Providers elsewhere who refer patients; names and addresses are sealed.';

create view mirror.claim with (security_invoker = true) as
select practice_id, key as claim, patient, clear ->> 'departmentId' as department_id,
  clear ->> 'providerId' as provider_id, clear ->> 'primaryStatus' as primary_status,
  clear ->> 'secondaryStatus' as secondary_status, clear ->> 'patientStatus' as patient_status,
  state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'claim';
comment on view mirror.claim is 'Claims by pseudonym; what was done, for which diagnosis and for how much is sealed.';
comment on column mirror.claim.primary_status is 'How far the first insurer''s part has come, in athenahealth''s word.';

create view mirror.patient_case with (security_invoker = true) as
select practice_id, key as document, patient, clear ->> 'class' as class, clear ->> 'subclass' as subclass,
  clear ->> 'status' as status, clear ->> 'departmentId' as department_id, clear ->> 'providerId' as provider_id,
  last_modified_at, state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'patientcase';
comment on view mirror.patient_case is 'Questions and requests that somebody at the practice works on, by pseudonym; what they say is sealed.';

create view mirror.lab_result with (security_invoker = true) as
select practice_id, key as document, patient, clear ->> 'class' as class, clear ->> 'subclass' as subclass,
  clear ->> 'status' as status, clear ->> 'departmentId' as department_id, clear ->> 'providerId' as provider_id,
  last_modified_at, state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'labresult';
comment on view mirror.lab_result is 'Results of laboratories, by pseudonym; what they say is sealed.';

create view mirror.imaging_result with (security_invoker = true) as
select practice_id, key as document, patient, clear ->> 'class' as class, clear ->> 'subclass' as subclass,
  clear ->> 'status' as status, clear ->> 'departmentId' as department_id, clear ->> 'providerId' as provider_id,
  last_modified_at, state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'imagingresult';
comment on view mirror.imaging_result is 'Results of imaging, by pseudonym; what they say is sealed.';

create view mirror.prescription with (security_invoker = true) as
select practice_id, key as document, patient, clear ->> 'class' as class, clear ->> 'subclass' as subclass,
  clear ->> 'status' as status, clear ->> 'departmentId' as department_id, clear ->> 'providerId' as provider_id,
  last_modified_at, state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'prescription';
comment on view mirror.prescription is 'Prescriptions and requests to renew them, by pseudonym; what they say is sealed.';

create view mirror.problem with (security_invoker = true) as
select practice_id, key as entry, patient, state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'problem';
comment on view mirror.problem is 'Problems of patients: that there is one stands in clear, which one it is does not.';

create view mirror.medication with (security_invoker = true) as
select practice_id, key as entry, patient, state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'medication';
comment on view mirror.medication is 'Medications of patients: that there is one stands in clear, which one it is does not.';

create view mirror.allergy with (security_invoker = true) as
select practice_id, key as entry, patient, state, first_seen_at, changed_at,
  'sealed:' || kind || ':' || key || ':' || coalesce(patient, '') || ':' || encode(sealed, 'base64') as sealed
from aegis.record where kind = 'allergy';
comment on view mirror.allergy is 'Allergies of patients: that there is one stands in clear, which one it is does not.';

grant select on all tables in schema mirror to aegis_app;
