/** Prescriptions as the feed of changed ones shows them: under other names than as documents (recorded). */
import type { WireRecord } from './blank-patient.ts'
import { descriptionOf, encounterIdOf, present } from './document-record.ts'
import { chartOfDocument } from './document-store.ts'
import type { Document } from './document.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { eastern, wallTime } from './zone-time.ts'
import { dateText } from './calendar-date.ts'

/** `MM/DD/YYYY HH:MM AM` of an instant in the East. */
export function twelveHourText(at: number): string {
  const { day, seconds } = wallTime(eastern, at)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const shown = `${String(hours % 12 || 12).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
  return `${dateText(day)} ${shown} ${hours < 12 ? 'AM' : 'PM'}`
}

export function changedPrescriptionRecord(state: PracticeState, document: Document): WireRecord {
  const { provider, subclass, status } = document
  const encounter = encounterIdOf(state, document)
  const orderer = provider === undefined ? undefined : listed(state.providers, provider).userName
  const approved = status === 'CLOSED' || status === 'SUBMITTED'
  return present({
    documentid: document.id,
    patientid: chartOfDocument(state, document),
    departmentid: Number(listed(state.departments, document.department).id),
    encounterid: encounter === undefined ? undefined : Number(encounter),
    class: 'PRESCRIPTION',
    classdescription: subclass === 'PRESCRIPTION_RENEWAL' ? 'Prescription - Refill' : 'Prescription - New',
    description: descriptionOf(document),
    documentationonly: false,
    dateordered: twelveHourText(document.createdAt),
    orderingprovider: orderer,
    assigneduser: document.assignedTo,
    approvedby: approved ? orderer : undefined,
    approvedtimestamp: approved ? twelveHourText(document.modifiedAt) : undefined,
    status,
  })
}
