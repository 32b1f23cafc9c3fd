/** Which feed hears what of a document. */
import type { Document } from './document.ts'
import type { DocumentClass } from './document-class.ts'
import type { FeedName } from './practice.ts'
import { announce, listed, type PracticeState } from './practice-state.ts'

/** What becomes of a document: `act` is a note on what was done, `notify` that the patient is told. */
export type Happening = 'add' | 'update' | 'act' | 'notify' | 'close' | 'reopen' | 'delete'

interface Announced {
  readonly feed: FeedName
  readonly events: Readonly<Record<Happening, string>>
}

/** What happens without an event of its own counts as an update (inferred). */
function named(feed: FeedName, prefix: string, words: Partial<Readonly<Record<Happening, string>>>): Announced {
  const update = `${prefix}${words.update ?? 'Update'}`
  const event = (happening: Happening): string => {
    const word = words[happening]
    return word === undefined ? update : `${prefix}${word}`
  }
  return {
    feed,
    events: {
      add: event('add'),
      update,
      act: event('act'),
      notify: event('notify'),
      close: event('close'),
      reopen: event('reopen'),
      delete: event('delete'),
    },
  }
}

const announced: Partial<Readonly<Record<DocumentClass, Announced>>> = {
  PATIENTCASE: named('documents/patientcase', 'PatientCase', {
    add: 'Add',
    act: 'ActionUpdate',
    notify: 'NotifyPatient',
  }),
  LABRESULT: named('labresults', 'LabResult', { add: 'Add', close: 'Close', delete: 'Delete' }),
  IMAGINGRESULT: named('imagingresults', 'ImagingResult', {
    add: 'Add',
    close: 'Close',
    delete: 'Delete',
    reopen: 'Reopen',
  }),
  PRESCRIPTION: named('prescriptions', 'Prescription', { add: 'Add', delete: 'Delete', reopen: 'Reopen' }),
}
/** A request to renew a prescription is a prescription whose coming and changing have events of their own. */
const renewal = named('prescriptions', 'Prescription', {
  add: 'RefillAdd',
  update: 'RefillUpdate',
  delete: 'Delete',
  reopen: 'Reopen',
})

/** Announces what happened to a document, under its department, if it is of a class that a feed tells of. */
export function announceDocument(state: PracticeState, document: Document, happening: Happening): void {
  // No feed can tell of a document that is nobody's: its records name the patient.
  if (document.patient === undefined) return
  const row = document.subclass === 'PRESCRIPTION_RENEWAL' ? renewal : announced[document.class]
  if (row === undefined) return
  const departmentId = listed(state.departments, document.department).id
  announce(state, { feed: row.feed, name: row.events[happening], id: String(document.id), departmentId })
}
