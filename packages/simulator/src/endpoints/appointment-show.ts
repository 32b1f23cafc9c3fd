/** Which details of appointments a request asks for. */
import type { Show } from '../practice/practice.ts'
import type { Input } from '../route.ts'
import { sightOf } from './patient-sight.ts'

/** By athenahealth's `show…` fields; the copay is not among them, since the lists show it unless told not to. */
export function appointmentShow(input: Input): Show {
  return {
    sight: sightOf(input),
    patientDetail: input.flag('showpatientdetail'),
    insurance: input.flag('showinsurance'),
    claimDetail: input.flag('showclaimdetail'),
    expectedProcedures: input.flag('showexpectedprocedurecodes'),
    reminderCalls: input.flag('showremindercalldetail'),
    telehealth: input.flag('showtelehealth'),
  }
}
