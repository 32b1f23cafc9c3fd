import { connectionFaults } from './connection-faults.ts'
import { feedFaults } from './feed-faults.ts'
import type { FaultKindRow, FaultRows } from './fault-kind.ts'
import type { FaultKind } from './fault-rule.ts'
import { mixUpFaults } from './mix-up-faults.ts'
import { refusalFaults } from './refusal-faults.ts'

const rows: FaultRows<FaultKind> = { ...refusalFaults, ...connectionFaults, ...mixUpFaults, ...feedFaults }

/** Every kind of fault by name. */
export const faultKinds: Readonly<Record<string, FaultKindRow<FaultKind>>> = rows

/** What callers meet, by kind. */
export const faultNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(faultKinds).map(([kind, { meets }]) => [kind, meets]),
)
