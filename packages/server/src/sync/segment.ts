/** One list a snapshot reads through, dates as YYYY-MM-DD; stored with the run, so that a restart goes on with the same plan. */
export type Segment =
  | { readonly list: 'departments' | 'appointmentTypes' | 'providers' }
  | { readonly list: 'patients'; readonly departmentId: string }
  | { readonly list: 'booked'; readonly from: string; readonly to: string }
  | { readonly list: 'open'; readonly departmentId: string; readonly from: string; readonly to: string }
