import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { assertShape, fields, type Shape } from '../../testing/wire-shape.ts'

const department = fields(`departmentid:s name:s patientdepartmentname:s address:s city:s state:s zip:s phone:s fax:s
  clinicalproviderfax:s latitude:s longitude:s timezone:i timezoneoffset:i timezonename:s doesnotobservedst:b
  providergroupid:s providergroupname:s chartsharinggroupid:s communicatorbrandid:s portalurl:s clinicals:s
  placeofservicefacility:b placeofservicetypeid:s placeofservicetypename:s ishospitaldepartment:b servicedepartment:b
  medicationhistoryconsent:b creditcardtypes:a ecommercecreditcardtypes:a oneyearcontractmax:s
  singleappointmentcontractmax:s address2:?s providerlist:?a`)

const provider = fields(`providerid:i firstname:s lastname:s displayname:s schedulingname:s providerusername:s
  providertypeid:s providertype:s specialty:s ansinamecode:s ansispecialtycode:s npi:i sex:s entitytype:s homedepartment:s
  acceptingnewpatients:b billable:b hideinportal:b createencounteroncheckin:b scheduleresourcetype:s
  supervisingproviderid:i supervisingproviderusername:s providergrouplist:a createencounterprovideridlist:a`)

const patient = fields(`address1:s address2:?s balances:a caresummarydeliverypreference:s|z city:s consenttocall:b
  consenttotext:b contacthomephone:s|z contactmobilephone:s|z contactname:?s contactpreference:s
  contactpreference_announcement_email:b contactpreference_announcement_phone:b contactpreference_announcement_sms:b
  contactpreference_appointment_email:b contactpreference_appointment_phone:b contactpreference_appointment_sms:b
  contactpreference_billing_email:b contactpreference_billing_phone:b contactpreference_billing_sms:b
  contactpreference_lab_email:b contactpreference_lab_phone:b contactpreference_lab_sms:b contactrelationship:?s
  countrycode:s countrycode3166:s departmentid:s dob:s donotcall:b driverslicense:b email:?s emailexists:b
  employerphone:s|z ethnicitycode:s|z firstappointment:?s firstname:s guarantoraddress1:s guarantoraddresssameaspatient:b
  guarantorcity:s guarantorcountrycode:s guarantorcountrycode3166:s guarantordob:s guarantoremail:?s guarantorfirstname:s
  guarantorlastname:s guarantorphone:s|z guarantorrelationshiptopatient:s guarantorssn:s guarantorstate:s guarantorzip:s
  guardianfirstname:?s guardianlastname:?s hasmobile:b homebound:b homephone:s industrycode:z language6392code:s|z
  deceaseddate:?s guarantoraddress2:?s hierarchicalcode:?s preferredname:?s
  lastappointment:?s lastemail:?s lastname:s maritalstatus:s maritalstatusname:s middlename:?s mobilephone:?s nextkinname:?s
  nextkinphone:s|z nextkinrelationship:?s notes:?s occupationcode:z onlinestatementonly:b patientid:s patientphoto:b
  portalaccessgiven:b portaltermsonfile:b povertylevelfamilysizedeclined:b povertylevelincomedeclined:b
  povertylevelincomerangedeclined:b primarydepartmentid:s primaryproviderid:s privacyinformationverified:b race:a
  racename:?s referralsourceid:?s registrationdate:s sex:s ssn:s state:s status:s suffix:?s workphone:?s zip:s`)

const core = `date:s appointmentid:s starttime:s departmentid:s appointmentstatus:s duration:i appointmenttypeid:s
  appointmenttype:s providerid:s patientappointmenttypename:s`
const feedRow = fields(`${core} chargeentrynotrequired:b templateappointmentid:s templateappointmenttypeid:s
  hl7providerid:i coordinatorenterprise:b lastmodified:s lastmodifiedby:s patientid:?s scheduledby:?s scheduleddatetime:?s
  frozen:?s urgent:?b appointmentnotes:?a cancelledby:?s cancelleddatetime:?s cancelreasonid:?s cancelreasonname:?s
  cancelreasonnoshow:?b cancelreasonslotavailable:?b rescheduledappointmentid:?s startcheckin:?s stopcheckin:?s
  encounterid:?s encounterstatus:?s patientlocationid:?s`)
const bookedRow: Shape = { ...feedRow, patientid: 's', copay: '?i', appointmentcopay: '?o' }
const departmentsRow: Shape = {
  ...bookedRow,
  ...fields(`renderingproviderid:?i encounterstate:?s checkindatetime:?s stopintakedatetime:?s stopexamdatetime:?s
    startcheckoutdatetime:?s checkoutdatetime:?s appointmentconfirmationid:?s appointmentconfirmationname:?s
    chargeentrynotrequiredreason:?s`),
}
const single = fields(`${core} chargeentrynotrequired:b patientid:?s copay:?i renderingproviderid:?i startcheckin:?s
  stopcheckin:?s encounterid:?s encounterstatus:?s frozen:?s rescheduledappointmentid:?s`)
const openSlot = fields(`date:s appointmentid:i departmentid:i localproviderid:i providerid:i appointmenttype:s
  appointmenttypeid:i patientappointmenttypename:s starttime:s duration:i reasonid:a frozen:?s`)

const window = 'startdate=10/25/2026&enddate=01/20/2027&limit=5000'
const feedShape = (api: PracticeApi, kind: 'appointments' | 'patients' | 'providers') =>
  [...api.practice.ids(kind)].map((id) => api.practice.wireRecord(kind, id) ?? {})

function aPatientSeen(api: PracticeApi): string {
  return String(api.rows(`GET /appointments/booked?${window}`)[0]?.['patientid'])
}

const cases: readonly (readonly [what: string, rows: (api: PracticeApi) => Record<string, unknown>[], shape: Shape])[] =
  [
    ['GET /departments', (api) => api.rows('GET /departments?providerlist=true&showalldepartments=true'), department],
    ['GET /departments/{id}', (api) => api.rows('GET /departments/81'), department],
    ['GET /providers', (api) => api.rows('GET /providers'), { ...provider, specialtyid: 'i' }],
    ['GET /providers/{id}', (api) => api.rows('GET /providers/71'), { ...provider, specialtyid: 's' }],
    ['GET /patients', (api) => api.rows('GET /patients?limit=5000'), patient],
    ['GET /patients/{id}', (api) => api.rows('GET /patients/3'), patient],
    ['GET /patients/search', (api) => api.rows('GET /patients/search?searchterm=a'), patient],
    ['the patients feed', (api) => feedShape(api, 'patients'), patient],
    [
      'a patient with all there is to show',
      (api) =>
        api.rows(
          `GET /patients/3?showallpatientdepartmentstatus=1&${[
            'insurance',
            'customfields',
            'portalstatus',
            'localpatientid',
            'previouspatientids',
          ]
            .map((what) => `show${what}=1`)
            .join('&')}`,
        ),
      {
        ...patient,
        insurances: 'a',
        customfields: 'a',
        portalstatus: 'o',
        localpatientid: 's',
        allpatientstatuses: 'a',
        previouspatientids: 'a',
      },
    ],
    ['GET /appointments/booked', (api) => api.rows(`GET /appointments/booked?${window}`), bookedRow],
    [
      'GET /appointments/booked/multipledepartment with cancelled ones',
      (api) => api.rows(`GET /appointments/booked/multipledepartment?${window}&departmentid=1,21&showcancelled=true`),
      departmentsRow,
    ],
    ['the appointments feed', (api) => feedShape(api, 'appointments'), feedRow],
    [
      'GET /appointments/{id} of every kind of row',
      (api) => [...api.practice.ids('appointments')].map((id) => api.record(`GET /appointments/${id}`)),
      single,
    ],
    [
      'GET /appointments/open',
      (api) => api.rows('GET /appointments/open?departmentid=1&reasonid=-1&enddate=12/20/2026'),
      openSlot,
    ],
    [
      'GET /patients/{id}/appointments',
      (api) => api.rows(`GET /patients/${aPatientSeen(api)}/appointments?showpast=true&showcancelled=true`),
      { ...fields(core), copay: 'i' },
    ],
    [
      'GET /appointmenttypes',
      (api) => api.rows('GET /appointmenttypes?hidenonpatient=false'),
      fields(`appointmenttypeid:i name:s shortname:s patientdisplayname:s duration:i generic:b patient:b templatetypeonly:b
      createencounteroncheckin:b`),
    ],
    [
      'GET /patientappointmentreasons',
      (api) => api.rows('GET /patientappointmentreasons?departmentid=1&providerid=71'),
      fields('reasonid:i reason:s description:s reasontype:s schedulingminhours:i schedulingmaxdays:i'),
    ],
    [
      'GET /appointmentcancelreasons',
      (api) => api.rows('GET /appointmentcancelreasons'),
      fields('appointmentcancelreasonid:i name:s noshow:b patientrescheduled:b providerunavailable:b slotavailable:b'),
    ],
    [
      'GET /practiceinfo',
      (api) => api.rows('GET /practiceinfo'),
      fields(`practiceid:s name:s publicnames:a golivedate:s experiencemode:s hasclinicals:b hascollector:b hascommunicator:b
      iscoordinatorsender:b iscoordinatorreceiver:b nsaenabled:b ccmenabled:b`),
    ],
  ]

const api = practiceApi({ patients: 250 })

for (const [what, rows, shape] of cases) {
  test(`${what} has the recorded fields in the recorded types and no others`, () => {
    const found = rows(api)
    assert.ok(found.length > 0)
    for (const record of found) assertShape(record, shape)
  })
}

test('departments show a second address line as recorded: where there is one, and as text', () => {
  const lines = api.rows('GET /departments').map((department) => typeof department['address2'])
  assert.deepEqual(new Set(lines), new Set(['string', 'undefined']))
})

test('a patient registered through the API shows fields of the same names and types', () => {
  const form = new URLSearchParams({
    firstname: 'Ada',
    lastname: 'Quill',
    dob: '1/2/1990',
    departmentid: '21',
    mobilephone: '(804) 555-0101',
    email: 'ada@example.com',
    race: '2106-3',
    maritalstatus: 'M',
    consenttotext: 'Y',
    ssn: '987-65-4321',
    sex: 'f',
    city: 'Richmond',
  })
  const own = practiceApi({ patients: 120 })
  const { patientid } = own.record('POST /patients', String(form))
  const optional = Object.fromEntries(
    Object.entries(patient).map(([name, type]) => [name, type.startsWith('?') ? type : `?${type}`]),
  )
  const record = own.record(`GET /patients/${patientid}`)
  assertShape(record, optional)
  const { dob, mobilephone, hasmobile, race, maritalstatusname, consenttotext, ssn, sex, city, status } = record
  assert.deepEqual(
    { dob, mobilephone, hasmobile, race, maritalstatusname, consenttotext, ssn, sex, city, status },
    {
      dob: '01/02/1990',
      mobilephone: '8045550101',
      hasmobile: true,
      race: ['2106-3'],
      maritalstatusname: 'MARRIED',
      consenttotext: true,
      ssn: '*****4321',
      sex: 'F',
      city: 'RICHMOND',
      status: 'active',
    },
  )
})
