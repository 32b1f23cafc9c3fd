import { feedTable } from '../../src/feeds/feed-table.ts'
import { documentRemovals, documentStops } from './document-stops.ts'
import { placeRemovals, placeStops } from './place-stops.ts'
import type { Stop } from './stop.ts'

const encoded = (fields: Readonly<Record<string, unknown>>): string =>
  new URLSearchParams(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  ).toString()

/** A day on which the practice opens no slots of its own: there are the tour's, in the order of their times. */
const sunday = '12/20/2026'
const slots = `GET /appointments/open?departmentid={departmentid}&reasonid=-1&ignoreschedulablepermission=true&startdate=${sunday}&enddate=${sunday}`
const weeks = 'startdate=11/01/2026&enddate=12/31/2026'
const everything =
  'showpatientdetail=true&showinsurance=true&showcopay=true&showclaimdetail=true&showremindercalldetail=true&showexpectedprocedurecodes=true&showcancelled=true'
const everyShown =
  'showcustomfields=true&showinsurance=true&showportalstatus=true&showlocalpatientid=true&showallpatientdepartmentstatus=true&showbalancedetails=true'
const chart = 'departmentid={departmentid}'
const charges = encoded({ claimcharges: [{ PROCEDURECODE: '99213', ICD10CODE1: 'R05.9', UNITS: '1' }] })

const subscriptions = feedTable.map(({ path }) => `${path}/subscription`)

const setUp: readonly Stop[] = [
  ...subscriptions.map((path) => ({ request: `POST ${path}` })),
  { request: 'later' },
  {
    request: 'POST /appointmenttypes',
    form: 'duration=15&name=Long+Talk&patient=true&shortname=LT&generic=false&templatetypeonly=false',
    keep: { newtypeid: ['appointmenttypeid'] },
  },
  { request: 'PUT /appointmenttypes/{newtypeid}', form: 'name=Longer+Talk' },
  {
    request: 'POST /appointments/open',
    form: `appointmentdate=${sunday}&appointmenttime=10:00,10:15,10:30,13:00,13:15,13:30,16:00&${chart}&providerid={providerid}&appointmenttypeid=82`,
  },
  {
    request: slots,
    keep: {
      slot1: ['appointments', 0, 'appointmentid'],
      slot2: ['appointments', 3, 'appointmentid'],
      slot3: ['appointments', 6, 'appointmentid'],
    },
  },
]

const patients: readonly Stop[] = [
  {
    request: 'POST /patients',
    form: encoded({
      departmentid: '{departmentid}',
      firstname: 'Ada',
      lastname: 'Quill',
      dob: '01/05/1980',
      email: 'ada.quill@example.com',
      zip: '02472',
      homephone: '6175550142',
    }),
    keep: { newpatientid: [0, 'patientid'] },
  },
  {
    request: 'PUT /patients/{newpatientid}',
    form: encoded({
      departmentid: '{departmentid}',
      address2: 'Floor 2',
      altfirstname: 'Addie',
      suffix: 'JR',
      notes: 'Calls first.',
      guarantormiddlename: 'B',
      guarantorsuffix: 'SR',
      guardianmiddlename: 'C',
      guardianfirstname: 'Cleo',
      guardianlastname: 'Quill',
      guarantoremployerid: '12',
      driverslicensenumber: 'S0000001',
    }),
  },
  {
    request: 'PUT /patients/{newpatientid}/customfields',
    form: encoded({
      departmentid: '{departmentid}',
      customfields: [
        { customfieldid: '22', optionid: '1' },
        { customfieldid: '23', customfieldvalue: '12' },
      ],
    }),
  },
]

const picture = 'image=/9j/4AAQ'
const pictures = [
  '/patients/{newpatientid}/driverslicense',
  '/patients/{newpatientid}/photo/thumbnail',
  '/patients/{newpatientid}/photo',
  '/patients/{newpatientid}/insurances/{insuranceid}/image',
]

const cards: readonly Stop[] = [
  {
    request: 'POST /patients/{newpatientid}/insurances',
    form: encoded({
      insurancepackageid: '1001',
      sequencenumber: '1',
      insuranceidnumber: 'A1',
      policynumber: 'G7',
      insurancephone: '8885550199',
      insurancepolicyholderfirstname: 'Ada',
      insurancepolicyholderlastname: 'Quill',
      insurancepolicyholdersex: 'F',
      insurancepolicyholderdob: '01/05/1980',
      relationshiptoinsuredid: '1',
    }),
    keep: { insuranceid: [0, 'insuranceid'] },
  },
  { request: 'PUT /patients/{newpatientid}/insurances', form: 'sequencenumber=1&insuranceidnumber=A2' },
  { request: 'PUT /patients/{newpatientid}/insurances/{insuranceid}', form: 'policynumber=G8' },
  ...pictures.flatMap((path) => [
    { request: `POST ${path}`, form: picture },
    { request: `PUT ${path}`, form: picture },
  ]),
  {
    request: 'POST /patients/{newpatientid}/privacyinformationverified',
    form: `${chart}&signaturedatetime=11/23/2026+10:00:00&signaturename=Ada+Quill&privacynotice=true`,
  },
]

const booking: readonly Stop[] = [
  { request: 'PUT /appointments/{slot1}/freeze', form: 'freeze=true' },
  { request: 'PUT /appointments/{slot1}/freeze', form: 'freeze=false' },
  {
    request: 'PUT /appointments/{slot1}',
    form: 'patientid={newpatientid}&reasonid=-1&ignoreschedulablepermission=true&urgentyn=true&bookingnote=knee',
  },
  { request: 'PUT /appointments/{slot1}/reschedule', form: 'newappointmentid={slot2}&patientid={newpatientid}' },
  {
    request:
      'GET /appointments/open?departmentid={departmentid}&appointmenttypeid=101&ignoreschedulablepermission=true&startdate=12/14/2026&enddate=12/31/2026',
    keep: { videoslot: ['appointments', 0, 'appointmentid'] },
  },
  {
    request: 'PUT /appointments/{videoslot}',
    form: 'patientid={newpatientid}&appointmenttypeid=101&ignoreschedulablepermission=true',
  },
  { request: 'PUT /appointments/booked/{slot2}', form: 'providerid={providerid}' },
  { request: 'POST /appointments/{slot2}/notes', form: 'notetext=hello&displayonschedule=true' },
  { request: 'GET /appointments/{slot2}/notes', keep: { noteid: ['notes', 0, 'noteid'] } },
  { request: 'PUT /appointments/{slot2}/notes/{noteid}', form: 'notetext=changed' },
  { request: 'PUT /appointments/{slot2}/confirmationstatus', form: 'appointmentconfirmationid=1' },
  { request: 'PUT /appointments/{slot2}/customfields', form: encoded({ customfields: [] }) },
  {
    request: 'PUT /appointments/{slot2}/accidentdata',
    form: 'relatedtoautoaccident=true&autoaccidentstate=MA&anotherpartyresponsible=true',
  },
  { request: 'PUT /appointments/{slot2}/mspq', form: 'mspinsurancetypeid=12' },
  { request: 'POST /appointments/{slot2}/thirdpartycodingstatus', form: 'status=STARTED' },
  { request: 'PUT /appointments/{slot2}/thirdpartycodingstatus', form: 'status=STARTED' },
  { request: 'POST /appointments/{slot2}/thirdpartyexternaldata', form: 'externaldata=x' },
  { request: 'PUT /appointments/{slot2}/thirdpartyexternaldata', form: 'externaldata=y' },
  {
    request: 'POST /appointments/appointmentreminders',
    form: encoded({
      approximatedate: '12/15/2026',
      departmentid: '{departmentid}',
      patientid: '{newpatientid}',
      appointmenttypeid: '{appointmenttypeid}',
      providerid: '{providerid}',
      note: 'Recall.',
      patientinstructions: 'Bring the list.',
    }),
    keep: { appointmentreminderid: ['appointmentreminderid'] },
  },
  { request: 'PUT /appointments/appointmentreminders/{appointmentreminderid}', form: 'note=Recall+soon.' },
  {
    request: 'POST /appointments/waitlist',
    form: encoded({
      patientid: '{newpatientid}',
      departmentid: '{departmentid}',
      providerid: '{providerid}',
      appointmenttypeid: '{appointmenttypeid}',
      appointmentid: '{slot2}',
      hourfrom: '8',
      hourto: '12',
      dayofweekids: '2,3',
      priority: 'HIGH',
      note: 'Any morning.',
    }),
    keep: { waitlistid: ['waitlistid'] },
  },
  { request: 'PUT /appointments/waitlist/{waitlistid}', form: 'priority=LOW' },
  {
    request: 'POST /appointments/open',
    form: `appointmentdate=12/01/2026&appointmenttime=18:00&${chart}&providerid={providerid}&appointmenttypeid={appointmenttypeid}`,
  },
  { request: 'DELETE /appointments/{slot3}' },
]

const visit: readonly Stop[] = [
  {
    request: 'POST /appointments/expedited',
    form: `patientid={newpatientid}&${chart}&providerid={providerid}&appointmenttypeid={appointmenttypeid}`,
    keep: { visitid: [0, 'appointmentid'] },
  },
  { request: 'POST /appointments/{visitid}/cancelcheckin' },
  { request: 'POST /appointments/{visitid}/startcheckin' },
  { request: 'POST /appointments/{visitid}/checkin' },
  {
    request: 'POST /appointments/{visitid}/chargeentrynotrequired',
    form: 'athenausername=demo&chargeentrynotrequiredreason=NOCHARGE',
  },
  { request: 'POST /appointments/{visitid}/checkout' },
  { request: 'POST /appointments/{visitid}/claim', form: charges, keep: { claimid: ['claimids', 0] } },
  {
    request: 'POST /claims',
    form: `patientid={newpatientid}&${chart}&supervisingproviderid={providerid}&servicedate=11/20/2026&${charges}`,
    keep: { claimid: ['claimids', 0] },
  },
  {
    request: 'PUT /claims/{claimid}',
    form: encoded({ customfields: [{ customfieldid: '2', customfieldvalue: 'a' }] }),
  },
  { request: 'POST /claims/{claimid}/note', form: 'claimnote=Sent+again.' },
]

const charts: readonly Stop[] = [
  {
    request: 'POST /chart/{newpatientid}/problems',
    form: `${chart}&snomedcode=38341003&note=worse`,
    keep: { problemid: ['problemid'] },
  },
  { request: 'PUT /chart/{newpatientid}/problems/{problemid}', form: `${chart}&note=better` },
  { request: 'PUT /chart/{newpatientid}/problems', form: `${chart}&sectionnote=one` },
  { request: 'PUT /chart/{newpatientid}/problems/sectionnote', form: `${chart}&sectionnote=two` },
  {
    request: 'POST /chart/{newpatientid}/medications',
    form: `${chart}&medicationid=299644&unstructuredsig=daily&patientnote=with+food`,
    keep: { medicationentryid: ['medicationentryid'] },
  },
  {
    request: 'PUT /chart/{newpatientid}/medications/{medicationentryid}',
    form: `${chart}&stopdate=03/04/2020&stopreason=Cost`,
  },
  { request: 'PUT /chart/{newpatientid}/medications', form: `${chart}&sectionnote=asked` },
  {
    request: 'PUT /chart/{newpatientid}/allergies',
    form: encoded({
      departmentid: '{departmentid}',
      sectionnote: 'asked',
      allergies: [{ allergenid: 12, note: 'as a child', onsetdate: '01/01/1990', deactivatedate: '01/01/2020' }],
    }),
  },
  {
    request: 'POST /referringproviders',
    form: 'entitytype=PERSON&lastname=Quill&firstname=Ada&npinumber=9100000001&zip=12207&address2=Floor+2',
    keep: { referringproviderid: ['referringproviderid'] },
  },
  { request: 'PUT /referringproviders/{referringproviderid}', form: 'phone=5185550188' },
]

const staff: readonly Stop[] = (
  [
    { kind: 'updateprovider', provider: '71', acceptingnewpatients: false },
    { kind: 'addprovider', department: '1' },
    { kind: 'updatepatient', patient: 3, fields: { maritalstatus: 'M', sexualorientation: 'OTHER' } },
    { kind: 'updatepatient', patient: 4, fields: { deceaseddate: '11/20/2026' } },
    { kind: 'setcustomfields', patient: 3, values: { 22: 'Pick up' } },
    { kind: 'deleteprovider', provider: '81' },
  ] as const
).map((change) => ({ request: 'change', change }))

/** Reads of what is of one patient or appointment only, which the endpoints' own parameters do not find. */
const readings: readonly Stop[] = [
  { request: 'GET /patients/{newpatientid}/appointments/{slot2}' },
  { request: 'GET /patients?lastname=Quill&showcustomfields=true&showinsurance=true&showportalstatus=true' },
  { request: 'GET /patients?limit=5&offset=5' },
  { request: `GET /patients/enhancedbestmatch?firstname=Ada&lastname=Quill&dob=01/05/1980&${everyShown}` },
  { request: 'GET /patients/search?searchterm=Quill' },
  { request: 'GET /patients/customfields/22/1' },
  { request: 'GET /appointments/{videoslot}/nativeathenatelehealthroom', keep: { messagehash: ['jointoken'] } },
  { request: 'POST /appointments/telehealth/deeplink', form: 'appointmentid={videoslot}&patientid={newpatientid}' },
  { request: 'GET /appointments/getappointmentidbyhash/{messagehash}' },
  { request: `${slots}&limit=1&offset=1` },
  { request: `GET /appointments/booked?${weeks}&${everything}` },
  { request: `GET /appointments/booked?${weeks}&limit=1&offset=1` },
  { request: `GET /appointments/booked/multipledepartment?departmentid={departmentid}&${weeks}&${everything}` },
  { request: `GET /appointments/booked/multipledepartment?departmentid={departmentid}&${weeks}&limit=1&offset=1` },
  {
    request:
      'GET /appointments/appointmentreminders?departmentid={departmentid}&startdate=12/01/2026&enddate=12/31/2026',
  },
  { request: 'GET /appointments/report?startdate=11/01/2026&enddate=12/31/2026&showexpectedprocedurecodes=true' },
  { request: 'GET /reference/allergies?searchvalue=peni' },
  { request: 'GET /reference/medications?searchvalue=aspirin' },
  { request: 'GET /insurancepackages?insuranceplanname=a&memberid=1' },
  { request: 'GET /patients/{newpatientid}/appointments?limit=1' },
  { request: 'GET /departments?limit=1&offset=1' },
  { request: 'GET /providers?showallproviderids=true&limit=1&offset=1' },
  { request: 'GET /claims?createdstartdate=11/01/2026&createdenddate=12/31/2026&limit=1&offset=1' },
]

const removals: readonly Stop[] = [
  // The thumbnail goes with the photo.
  ...pictures.flatMap((path) => [{ request: `POST ${path}`, form: picture }, { request: `DELETE ${path}` }]),
  { request: 'DELETE /patients/{newpatientid}/insurances/{insuranceid}?cancellationnote=moved' },
  { request: 'POST /patients/{newpatientid}/insurances/{insuranceid}/reactivate' },
  { request: 'DELETE /patients/{newpatientid}/insurances?sequencenumber=1' },
  { request: 'DELETE /appointments/waitlist/{waitlistid}' },
  { request: 'DELETE /appointments/{slot2}/notes/{noteid}' },
  { request: 'DELETE /appointments/{slot2}/mspq' },
  { request: 'DELETE /appointments/{slot2}/thirdpartycodingstatus' },
  { request: 'DELETE /appointments/{slot2}/thirdpartyexternaldata' },
  { request: 'PUT /appointments/{slot2}/cancel', form: 'patientid={newpatientid}' },
  { request: 'DELETE /appointments/appointmentreminders/{appointmentreminderid}' },
  { request: `DELETE /chart/{newpatientid}/problems/{problemid}?${chart}` },
  { request: `DELETE /chart/{newpatientid}/medications/{medicationentryid}?${chart}` },
  { request: 'POST /misc/properjsonencoding' },
  { request: 'DELETE /misc/properjsonencoding' },
  ...subscriptions.map((path) => ({ request: `DELETE ${path}` })),
]

export const tour: readonly Stop[] = [
  ...setUp,
  ...patients,
  ...cards,
  ...booking,
  ...visit,
  ...charts,
  ...documentStops,
  ...placeStops,
  ...staff,
  ...readings,
  { request: 'read all' },
  ...documentRemovals,
  ...placeRemovals,
  ...removals,
]
