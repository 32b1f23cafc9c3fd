/** Be athenahealth on localhost: stateful practices behind athenahealth's API, its limits and its quirks. */
import { endpointContract } from './contract/contract.ts'
import { contractRoutes } from './contract/contract-routes.ts'
import { startDay } from './day/start-day.ts'
import { routes } from './endpoints/routes.ts'
import { applyChange } from './practice/apply-change.ts'
import { createPractice } from './practice/create-practice.ts'
import type { SimulatorOptions } from './server/options.ts'
import { startWith, type Simulator } from './server/start-simulator.ts'

export type { VirtualClock } from './clock/virtual-clock.ts'
export type { FaultControl } from './faults/fault-book.ts'
export { faultNames } from './faults/fault-kinds.ts'
export type { FaultKind, FaultMark, FaultReport, FaultRule, FaultWhen } from './faults/fault-rule.ts'
export { JournalError, type JournalErrorCode } from './journal/journal-error.ts'
export type { Limits, LimitsOption } from './limits/limits.ts'
export type { DayPace, PracticeOptions, SimulatorOptions } from './server/options.ts'
export type { PracticeChange, Touched } from './practice/apply-change.ts'
export type { Simulator } from './server/start-simulator.ts'
export { demoApp, readAppFile, type AppOptions, type AuthMethod, type Encoding } from './tokens/app-options.ts'
export type { AppChange, AppReport } from './tokens/apps.ts'
export { signatureAlgorithms, type JwkSet, type SignatureAlgorithm } from './tokens/public-key.ts'
export type { AppControl } from './truth/admin-apps.ts'
export type { ChangedRecord, ChangesSince } from './truth/change-log.ts'
export type { WriteEntry, WritePage } from './truth/write-log.ts'
export { quirkValues, type Quirks } from './server/quirks.ts'
export type { RolloutOptions } from './server/rollout.ts'
export type { Days } from './truth/admin.ts'
export type { Basis } from './route.ts'
export type { EndpointEntry } from './truth/endpoint-list.ts'
export type { FeedPage } from './truth/page-log.ts'
export type { WindowsReport } from './truth/rate-witness.ts'
export type { RequestEntry, RequestPage, RequestTotals } from './truth/request-log.ts'
export type { RecordKind } from './practice/practice.ts'
export type { SchedulingRules } from './practice/scheduling-rules.ts'
export type { Truth } from './truth/truth.ts'

/**
 * Starts a simulator and resolves once it listens. Without options: practice 195900 with 1,000 patients, the preview's
 * limits, the demo app, a free port. Rejects with RangeError or TypeError for an option that makes no sense, with the
 * system's error when the port cannot be had, with JournalError when it cannot go on from its journal. Stop it with
 * `stop()`.
 */
export function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const contract = { routes: contractRoutes, find: endpointContract }
  return startWith({ routes, createPractice, startDay, applyChange, contract }, options)
}
