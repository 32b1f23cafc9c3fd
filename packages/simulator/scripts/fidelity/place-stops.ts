import { clinicalFacilities } from '../../src/practice/clinical-facility.ts'
import type { Stop } from './stop.ts'

const department = 'departmentid={departmentid}'
const chart = '/chart/{newpatientid}'

const firstOf = (kind: 'pharmacy' | 'laboratory'): string =>
  `clinicalproviderid=${clinicalFacilities.find((facility) => facility.kind === kind)?.id}`

/** Where a patient works, gets medications and has blood taken, and the way into the portal. */
export const placeStops: readonly Stop[] = [
  {
    request: 'POST /employers',
    form: 'name=Quill+Mills&city=TROY&address=1+Mill+St&state=NY&zip=12180&phone=5185550177&fax=5185550178',
    keep: { employerid: ['employerid'] },
  },
  { request: 'PUT /employers/{employerid}', form: 'zip=12181' },
  { request: 'DELETE /employers/{employerid}' },
  { request: 'PUT /employers/{employerid}/undelete' },
  { request: `PUT ${chart}/pharmacies/preferred`, form: `${department}&${firstOf('pharmacy')}` },
  { request: `PUT ${chart}/pharmacies/default`, form: `${department}&${firstOf('pharmacy')}` },
  { request: `PUT ${chart}/labs/default`, form: `${department}&${firstOf('laboratory')}` },
  { request: 'POST /patients/{newpatientid}/portalinvitation', form: department },
]

/** They are left again. */
export const placeRemovals: readonly Stop[] = [
  { request: `DELETE ${chart}/pharmacies/preferred?${department}&${firstOf('pharmacy')}` },
  { request: `DELETE ${chart}/labs/default?${department}&${firstOf('laboratory')}` },
]
