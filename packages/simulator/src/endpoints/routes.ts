/** Every route of the simulated v1 API but the changed-data feeds. */
import type { Route } from '../route.ts'
import { appointmentReadRoutes } from './appointment-reads.ts'
import { appointmentTypeRoutes } from './appointment-types.ts'
import { departmentRoutes } from './departments.ts'
import { openSlotRoutes } from './open-slots.ts'
import { patientReadRoutes } from './patient-reads.ts'
import { practiceInfoRoutes } from './practice-info.ts'
import { providerRoutes } from './providers.ts'

export const routes: readonly Route[] = [
  ...practiceInfoRoutes,
  ...departmentRoutes,
  ...providerRoutes,
  ...appointmentTypeRoutes,
  ...patientReadRoutes,
  ...appointmentReadRoutes,
  ...openSlotRoutes,
]
