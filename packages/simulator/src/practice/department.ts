/** The departments of a simulated practice: several time zones, one without daylight saving, one hidden in the portal. */
import { arizona, central, eastern, mountain, offsetHours, pacific, type Zone } from './zone-time.ts'

export interface Department {
  readonly id: string
  /** Position in the practice's list; other tables refer to it. */
  readonly index: number
  readonly name: string
  readonly patientName: string
  readonly address: string
  /** Suite or floor; most have none and then no field of the name (recorded). */
  readonly address2?: string
  readonly city: string
  readonly state: string
  readonly zip: string
  readonly areaCode: string
  readonly zone: Zone
  readonly latitude: string
  readonly longitude: string
  /** Local minutes after midnight of the first and behind the last slot of a working day. */
  readonly opens: number
  readonly closes: number
  readonly opensSaturdays: boolean
  /** Left out of `GET /departments` unless `showalldepartments` is set. */
  readonly hiddenInPortal: boolean
  /** Share of the practice's patients registered here; all shares add up to 1. */
  readonly share: number
  /** Id of the provider group that bills for what is done here. */
  readonly providerGroup: string
}

type Site = Omit<Department, 'index' | 'patientName' | 'providerGroup'>

const hour = 60

const sites: readonly Site[] = [
  {
    id: '1',
    name: 'Hudson Terrace Family Medicine',
    address: '14 Prospect Ave',
    city: 'ALBANY',
    state: 'NY',
    zip: '12207',
    areaCode: '518',
    zone: eastern,
    latitude: '42.6526',
    longitude: '-73.7562',
    opens: 8 * hour,
    closes: 17 * hour,
    opensSaturdays: true,
    hiddenInPortal: false,
    share: 0.27,
  },
  {
    id: '21',
    name: 'Riverbend Primary Care',
    address: '220 Canal St',
    address2: 'SUITE 310',
    city: 'RICHMOND',
    state: 'VA',
    zip: '23219',
    areaCode: '804',
    zone: eastern,
    latitude: '37.5407',
    longitude: '-77.4360',
    opens: 8 * hour,
    closes: 17 * hour,
    opensSaturdays: false,
    hiddenInPortal: false,
    share: 0.2,
  },
  {
    id: '41',
    name: 'Two Lakes Medical Group',
    address: '9 Linden Ct',
    city: 'MADISON',
    state: 'WI',
    zip: '53703',
    areaCode: '608',
    zone: central,
    latitude: '43.0731',
    longitude: '-89.4012',
    opens: 8 * hour,
    closes: 17 * hour,
    opensSaturdays: false,
    hiddenInPortal: false,
    share: 0.17,
  },
  {
    id: '61',
    name: 'Front Range Internal Medicine',
    address: '480 Juniper Way',
    city: 'BOULDER',
    state: 'CO',
    zip: '80302',
    areaCode: '303',
    zone: mountain,
    latitude: '40.0150',
    longitude: '-105.2705',
    opens: 7 * hour + 30,
    closes: 16 * hour + 30,
    opensSaturdays: false,
    hiddenInPortal: false,
    share: 0.13,
  },
  {
    id: '81',
    name: 'Saguaro Community Clinic',
    address: '1717 Copper Rd',
    city: 'TUCSON',
    state: 'AZ',
    zip: '85701',
    areaCode: '520',
    zone: arizona,
    latitude: '32.2226',
    longitude: '-110.9747',
    opens: 7 * hour,
    closes: 16 * hour,
    opensSaturdays: false,
    hiddenInPortal: false,
    share: 0.1,
  },
  {
    id: '101',
    name: 'Gold Valley Health Center',
    address: '33 Orchard Pl',
    address2: 'BUILDING B',
    city: 'SACRAMENTO',
    state: 'CA',
    zip: '95814',
    areaCode: '916',
    zone: pacific,
    latitude: '38.5816',
    longitude: '-121.4944',
    opens: 8 * hour,
    closes: 18 * hour,
    opensSaturdays: true,
    hiddenInPortal: false,
    share: 0.1,
  },
  {
    id: '121',
    name: 'Hudson Terrace Imaging Annex',
    address: '16 Prospect Ave',
    city: 'ALBANY',
    state: 'NY',
    zip: '12207',
    areaCode: '518',
    zone: eastern,
    latitude: '42.6528',
    longitude: '-73.7560',
    opens: 9 * hour,
    closes: 16 * hour,
    opensSaturdays: false,
    hiddenInPortal: true,
    share: 0.03,
  },
]

/** Provider group of each department in a practice that has several. */
const groups = ['1', '1', '2', '2', '3', '3', '1'] as const

/**
 * The same departments for every practice; what differs between practices is who works and registers there, and whether
 * all belong to one provider group.
 */
export function makeDepartments(options: { readonly severalGroups?: boolean } = {}): Department[] {
  return sites.map((site, index) => {
    const providerGroup = options.severalGroups === true ? (groups[index] ?? '1') : '1'
    return { ...site, index, patientName: site.name, providerGroup }
  })
}

/** A department in its recorded wire shape; `timezone` is the offset in force at `now` (epoch ms). */
export function departmentRecord(department: Department, now: number): Record<string, unknown> {
  return {
    departmentid: department.id,
    name: department.name.toUpperCase().replaceAll(' ', '_'),
    patientdepartmentname: department.patientName,
    address: department.address,
    ...(department.address2 === undefined ? {} : { address2: department.address2 }),
    city: department.city,
    state: department.state,
    zip: department.zip,
    phone: `(${department.areaCode}) 555-01${String(10 + department.index).padStart(2, '0')}`,
    fax: `(${department.areaCode}) 555-01${String(30 + department.index).padStart(2, '0')}`,
    clinicalproviderfax: `(${department.areaCode}) 555-01${String(50 + department.index).padStart(2, '0')}`,
    latitude: department.latitude,
    longitude: department.longitude,
    timezone: offsetHours(department.zone, now),
    timezoneoffset: department.zone.standardHours,
    timezonename: department.zone.name,
    doesnotobservedst: !department.zone.observesDst,
    providergroupid: department.providerGroup,
    providergroupname: 'Simulated Health Partners',
    chartsharinggroupid: '1',
    communicatorbrandid: '1',
    portalurl: `https://portal-${department.id}.example.com/`,
    clinicals: department.hiddenInPortal ? 'OFF' : 'ON',
    placeofservicefacility: false,
    placeofservicetypeid: '11',
    placeofservicetypename: 'OFFICE',
    ishospitaldepartment: false,
    servicedepartment: true,
    medicationhistoryconsent: true,
    creditcardtypes: ['AX', 'DS', 'MC', 'VI'],
    ecommercecreditcardtypes: ['AX', 'DS', 'MC', 'VI'],
    oneyearcontractmax: '1500',
    singleappointmentcontractmax: '3000',
  }
}
