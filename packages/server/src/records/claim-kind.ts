import { code, id } from './clear-values.ts'
import type { RecordKind } from './record-kind.ts'

/**
 * Claims. In clear: department, billed provider and the status of each payer's part. Who is billed, for what and when stays
 * sealed, and so does the number of the claim, by which a payer finds the patient.
 */
export const claimKind: RecordKind = {
  kind: 'claim',
  idField: 'claimid',
  isPatient: false,
  patientField: 'patientid',
  keyedBy: 'pseudonym',
  asked: 'by-id',
  // A claim that was voided cannot be told from a settled one by what the feed shows of it (inferred).
  feedTells: 'id',
  partial: {},
  isDeleted: () => false,
  clear: (record) => ({
    departmentId: id(record.departmentid),
    providerId: id(record.billedproviderid),
    primaryStatus: statusOf(record.primaryinsurancepayer),
    secondaryStatus: statusOf(record.secondaryinsurancepayer),
    patientStatus: statusOf(record.patientpayer),
  }),
}

function statusOf(payer: unknown): string | undefined {
  return typeof payer === 'object' && payer !== null ? code(Reflect.get(payer, 'status')) : undefined
}
