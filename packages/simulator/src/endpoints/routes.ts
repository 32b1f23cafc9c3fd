/** Every route of the simulated v1 API but the changed-data feeds. */
import type { Route } from '../route.ts'
import { allergyRoutes } from './allergies.ts'
import { appointmentMarkRoutes } from './appointment-marks.ts'
import { appointmentNoteRoutes } from './appointment-notes.ts'
import { appointmentReadRoutes } from './appointment-reads.ts'
import { appointmentReminderRoutes } from './appointment-reminders.ts'
import { appointmentTypeRoutes } from './appointment-types.ts'
import { appointmentVisitRoutes } from './appointment-visits.ts'
import { appointmentWaitlistRoutes } from './appointment-waitlist.ts'
import { bookingRoutes } from './bookings.ts'
import { chartTermRoutes } from './chart-terms.ts'
import { checkInRoutes } from './check-in.ts'
import { claimRoutes } from './claims.ts'
import { claimWriteRoutes } from './claim-writes.ts'
import { classDocumentRoutes } from './class-documents.ts'
import { clinicalFacilityRoutes } from './clinical-facilities.ts'
import { departmentRoutes } from './departments.ts'
import { employerRoutes } from './employers.ts'
import { insurancePackageRoutes } from './insurance-packages.ts'
import { documentPageRoutes } from './document-pages.ts'
import { documentRoutes } from './documents.ts'
import { labResultRoutes } from './lab-results.ts'
import { medicationRoutes } from './medications.ts'
import { officeDocumentRoutes } from './office-documents.ts'
import { openSlotRoutes } from './open-slots.ts'
import { patientAppointmentRoutes } from './patient-appointments.ts'
import { patientCaseRoutes } from './patient-cases.ts'
import { patientCustomFieldRoutes } from './patient-custom-fields.ts'
import { patientImageRoutes } from './patient-images.ts'
import { patientInsuranceRoutes } from './patient-insurances.ts'
import { patientMatchRoutes } from './patient-match.ts'
import { patientPortalRoutes } from './patient-portal.ts'
import { patientReadRoutes } from './patient-reads.ts'
import { patientWriteRoutes } from './patient-writes.ts'
import { practiceInfoRoutes } from './practice-info.ts'
import { privacyVerificationRoutes } from './privacy-verification.ts'
import { problemRoutes } from './problems.ts'
import { providerRoutes } from './providers.ts'
import { referringProviderRoutes } from './referring-providers.ts'
import { slotWriteRoutes } from './slot-writes.ts'

export const routes: readonly Route[] = [
  ...practiceInfoRoutes,
  ...departmentRoutes,
  ...providerRoutes,
  ...appointmentTypeRoutes,
  ...patientReadRoutes,
  ...patientAppointmentRoutes,
  ...patientMatchRoutes,
  ...patientWriteRoutes,
  ...patientCustomFieldRoutes,
  ...documentRoutes,
  ...classDocumentRoutes,
  ...documentPageRoutes,
  ...patientCaseRoutes,
  ...labResultRoutes,
  ...officeDocumentRoutes,
  ...appointmentReadRoutes,
  ...appointmentNoteRoutes,
  ...appointmentMarkRoutes,
  ...appointmentReminderRoutes,
  ...appointmentWaitlistRoutes,
  ...appointmentVisitRoutes,
  ...openSlotRoutes,
  ...slotWriteRoutes,
  ...bookingRoutes,
  ...checkInRoutes,
  ...problemRoutes,
  ...medicationRoutes,
  ...allergyRoutes,
  ...chartTermRoutes,
  ...claimRoutes,
  ...claimWriteRoutes,
  ...referringProviderRoutes,
  ...insurancePackageRoutes,
  ...patientInsuranceRoutes,
  ...patientImageRoutes,
  ...privacyVerificationRoutes,
  ...employerRoutes,
  ...clinicalFacilityRoutes,
  ...patientPortalRoutes,
]
