/** The HTTP interface of an instance, as types: what the command line and the web applications may ask it. */
import type { OpsApi } from './ops/ops-api.ts'

export type AegisApi = OpsApi
