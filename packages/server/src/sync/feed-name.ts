/** What a practice's mirror is made of. Only some have a changed-data feed; the others are read again now and then. */
export type FeedName = 'departments' | 'appointmenttypes' | 'providers' | 'patients' | 'appointments'
