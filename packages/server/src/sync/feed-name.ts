/** What a practice's mirror is made of. Only some have a changed-data feed; the others are read again now and then. */
export type FeedName = (typeof coreFeeds)[number] | (typeof furtherFeeds)[number]

/** What is always mirrored: scheduling, and what everything else rests on. */
export const coreFeeds = ['departments', 'appointmenttypes', 'providers', 'patients', 'appointments'] as const

/** What is mirrored where it is wanted. */
export const furtherFeeds = [
  'referringproviders',
  'claims',
  'patientcases',
  'labresults',
  'imagingresults',
  'prescriptions',
  'problems',
  'medications',
  'allergies',
] as const

/** Every feed, in the order in which they rest on each other. */
export const feedNames: readonly FeedName[] = [...coreFeeds, ...furtherFeeds]
