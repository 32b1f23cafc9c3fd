/** How a practice schedules where athenahealth leaves it to the practice, or where nobody outside knows what it does. */

export const checkInSectionNames = ['PATIENTINFORMATION', 'PRIVACYNOTICE'] as const
export type CheckInSectionName = (typeof checkInSectionNames)[number]

export interface SchedulingRules {
  /** Open slots are shown from so many hours ahead on; 24 if absent, athenahealth's default. */
  readonly minHours: number
  /** …and up to so many days ahead; 90 if absent, athenahealth's default. */
  readonly maxDays: number
  /**
   * Whether a caller may book a patient at a time the patient is booked already; true if absent: a recording of 2016 has
   * one patient booked by an API user at 00:51 and 00:52 for ten minutes each.
   */
  readonly allowOverlaps: boolean
  /**
   * Whether a booking that names a reason the provider does not offer in the department is refused as not bookable; true
   * if absent. athenahealth warns that a slot found without a reason may not be bookable for one, but not how it says so.
   */
  readonly refuseUnofferedReasons: boolean
  /** Whether `departmentid` of a booking must be the slot's own; true if absent. Not known: false ignores the field. */
  readonly matchDepartment: boolean
  /** Sections that must be complete before a caller can complete a check-in; PATIENTINFORMATION if absent. A guess. */
  readonly requiredForCheckIn: readonly CheckInSectionName[]
}

export const schedulingDefaults: SchedulingRules = {
  minHours: 24,
  maxDays: 90,
  allowOverlaps: true,
  refuseUnofferedReasons: true,
  matchDepartment: true,
  requiredForCheckIn: ['PATIENTINFORMATION'],
}

/** The rules with every default filled in. Throws RangeError or TypeError that names the rule and what to give. */
export function resolveScheduling(rules: Partial<SchedulingRules> = {}): SchedulingRules {
  const stray = Object.keys(rules).find((name) => !Object.hasOwn(schedulingDefaults, name))
  if (stray !== undefined) {
    throw new TypeError(`scheduling.${stray}: no such rule; there are ${Object.keys(schedulingDefaults).join(', ')}`)
  }
  const given = Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined))
  const resolved: SchedulingRules = { ...schedulingDefaults, ...given }
  for (const name of ['minHours', 'maxDays'] as const) {
    if (!(resolved[name] >= 0)) throw new RangeError(`scheduling.${name}: give 0 or more`)
  }
  const section = resolved.requiredForCheckIn.find((name) => !checkInSectionNames.includes(name))
  if (section !== undefined) {
    throw new RangeError(`scheduling.requiredForCheckIn: give some of ${checkInSectionNames.join(', ')}`)
  }
  return resolved
}
