/**
 * The tables outside row-level security although they hold a practice id: they span practices by design, hold no
 * patient data, and the tenant role cannot read them. Exactly these; the gate test fails on any other, and on one
 * listed here that is not there.
 */
export const tablesAcrossPractices: readonly string[] = [
  'control.pacing_feed',
  'control.pacing_zone',
  'control.policy_allowance',
  'control.policy_onboarding',
  'control.practice',
  'control.quota_practice',
  'control.quota_use',
  'control.schedule',
]

/** Functions that run with the owner's rights and may be called by a runtime role: reviewed in decision 10. */
export const reviewedFunctions: readonly string[] = ['aegis.enqueue(text,jsonb,text)']
