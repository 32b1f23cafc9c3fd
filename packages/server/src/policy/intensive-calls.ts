/** What is asked of one list that burdens athenahealth. */
export interface ListRule {
  /** Named by athenahealth as particularly intensive: a large pull of it is confined to the off-hours. */
  readonly intensive: boolean
  /** Parameters that narrow the list to a part of the practice. Paging, flags and statuses do not. */
  readonly narrowing: 'any-other' | readonly string[]
  /** Whether a call without any of them is refused at any time, rather than being a large pull. */
  readonly narrowingRequired: boolean
  /** Pairs of parameters that give a date range; one pair is needed. Empty where the list knows no dates. */
  readonly ranges: readonly (readonly [start: string, end: string])[]
  /** With one of these the list is short whatever its dates, and a range may be left out. */
  readonly rangeFreeWith: readonly string[]
  /** Which configured width the range must keep within. */
  readonly widest: keyof RangeLimits | undefined
  /** What often answers the same for less, in the words of a refusal. */
  readonly instead?: string
}

/** The widest date ranges, in days, both ends included. */
export interface RangeLimits {
  /** GET /appointments/booked and …/multipledepartment. Default 100: the mirror's 7 days back and 90 ahead, and today. */
  readonly bookedDaysMax: number
  /** GET /claims. Default 184: athenahealth asks for 3 to 6 months. */
  readonly claimsDaysMax: number
  /** GET /appointments/open. Default 100, as for booked ones. */
  readonly openDaysMax: number
}

/** The widest ranges of an installation, and of practices that have their own. */
export interface RangeRules extends RangeLimits {
  /** By practice id, in the place of `bookedDaysMax`. */
  readonly bookedDaysMaxOf?: Readonly<Record<string, number>>
}

/** The widest ranges of one practice (pure). */
export function rangesOf({ bookedDaysMaxOf, ...limits }: RangeRules, practice: number): RangeLimits {
  return { ...limits, bookedDaysMax: bookedDaysMaxOf?.[practice] ?? limits.bookedDaysMax }
}

export const defaultRangeLimits: RangeLimits = { bookedDaysMax: 100, claimsDaysMax: 184, openDaysMax: 100 }

/** Narrower for callers, who read past the mirror what it has already: a month of bookings. */
export const callerRangeLimits: Partial<RangeLimits> = { bookedDaysMax: 31 }

/** Between two large pulls of one practice, in ms: a moment for others. Applying a page takes longer than that. */
export const defaultPullSpacingMs = 100

const booked: ListRule = {
  intensive: true,
  narrowing: [
    'departmentid',
    'providerid',
    'patientid',
    'appointmenttypeid',
    'startlastmodified',
    'scheduledstartdate',
  ],
  narrowingRequired: false,
  ranges: [['startdate', 'enddate']],
  rangeFreeWith: [],
  widest: 'bookedDaysMax',
}

/**
 * The lists that need filters and a date range, by method and route template. The intensive four are those of
 * athenahealth's Best Practices page, "Call Volume & Filtering" (read 2026-11); open slots are asked for by department
 * and dates because a list of all of them helps nobody.
 */
export const listRules: Readonly<Record<string, ListRule>> = {
  'GET /patients': {
    intensive: true,
    narrowing: 'any-other',
    narrowingRequired: false,
    ranges: [],
    rangeFreeWith: [],
    widest: undefined,
    // Both recommended on the same page.
    instead:
      'GET /patients/enhancedbestmatch with first name, last name, date of birth and one more, or GET /patients/search with part of a name or an id',
  },
  'GET /appointments/booked': booked,
  'GET /appointments/booked/multipledepartment': booked,
  'GET /claims': {
    intensive: true,
    narrowing: ['departmentid', 'providerid', 'patientid', 'appointmentid', 'procedurecodes'],
    narrowingRequired: false,
    ranges: [
      ['servicestartdate', 'serviceenddate'],
      ['createdstartdate', 'createdenddate'],
    ],
    rangeFreeWith: ['patientid', 'appointmentid'],
    widest: 'claimsDaysMax',
  },
  'GET /appointments/open': {
    intensive: false,
    narrowing: ['departmentid'],
    narrowingRequired: true,
    ranges: [['startdate', 'enddate']],
    rangeFreeWith: [],
    widest: 'openDaysMax',
  },
}

/** Parameters of GET /patients that select nothing: how much of each patient to show, and pages. */
export const nonNarrowing = /^(limit|offset|status|confidentialitycode|ignorerestrictions|omit.*|show.*)$/
