export { type AthenaClient, type AthenaClientOptions, createAthenaClient } from './athena-client.ts'
export type {
  Answer,
  AnswerMeta,
  AthenaCall,
  AthenaFetch,
  AthenaHooks,
  AthenaRequestInit,
  AttemptEvent,
  CallOptions,
  RateLimit,
  ResponseEvent,
} from './athena-call.ts'
export { AthenaError, type AthenaErrorCode, type Executed, isAthenaError } from './athena-error.ts'
export { type Clock, systemClock } from './clock.ts'
export { type BaseUrlOptions, type Environment, resolveBaseUrl } from './environment.ts'

export { readRetryAfter } from './call/answer-meta.ts'
export { decideRetry, type RetryDecision, type RetryFacts } from './call/decide-retry.ts'
export { checkPatientFields, patientFieldMax } from './call/field-limits.ts'
export { type Failure, judgeResponse, type Judgement, type ResponseFacts } from './call/judge-response.ts'
export { type Params, type ParamValue } from './call/params.ts'
export { defaultRetryPolicy, type RetryPolicy } from './call/retry-policy.ts'
export { type Timeouts } from './call/send-call.ts'

export {
  type Content,
  CONTENT_BYTES_MAX,
  content,
  type ContentEncoding,
  type ContentOptions,
  type ContentSource,
  type ContentStream,
  type FileValue,
  type UploadForm,
} from './upload/content.ts'

export { type AccessToken, accessToken, type TokenSource } from './token/access-token.ts'
export { CredentialTokenSource, type CredentialTokenSourceOptions } from './token/credential-token-source.ts'
export {
  judgeTokenResponse,
  type TokenGrant,
  type TokenJudgement,
  type TokenResponseFacts,
} from './token/judge-token-response.ts'
export type { Credential, SecretCredential } from './token/credential.ts'
export type { AssertionAlg, PrivateJwk, PrivateKeyCredential, SignAssertion } from './token/private-key.ts'
export { requestToken, type TokenRequest } from './token/request-token.ts'

export { type AthenaPractice } from './resources/athena-practice.ts'
export type { AppointmentNotes, NoteOf } from './resources/appointment-notes.ts'
export type { Appointments, CreatedSlot, DateWindow, SlotForm, Slots } from './resources/appointments.ts'
export type { PatientDocuments, PatientIdentity, Patients } from './resources/patients.ts'
export type { AppointmentReasons, AppointmentTypes, Departments, Providers } from './resources/practice-setup.ts'
export { type Download } from './resources/download.ts'
export { type ListName, readListPage } from './resources/endpoints.ts'
export { type List, LIMIT_MAX, type Page, type PageAt } from './resources/list.ts'
export type { CallMethod, ListMethod, MethodArgs, Methods } from './resources/method-table.ts'
export { type Id, type Outcome } from './resources/practice-api.ts'

export type { AthenaEndpoints, AthenaLists, EndpointName, ListEndpointName } from './catalogue/generated/endpoints.ts'
export type {
  ArrayOfOne,
  FileText,
  JsonInput,
  ListEnvelope,
  Many,
  Maybe,
  OpenRecord,
  Scalar,
} from './catalogue/request-types.ts'
export type {
  ClientListRequest,
  ClientRequest,
  Extra,
  PracticeListRequest,
  PracticeRequest,
  RecordOfList,
  RequestArgs,
  OpenParams,
  RequestOf,
  ResponseOf,
} from './request/endpoint-request.ts'

export {
  type DrainPage,
  type Feed,
  type FeedRecord,
  type FeedSubscription,
  readFeedPage,
  type RecordOfFeed,
  type ReplayPage,
  type Subscribe,
} from './feeds/feed.ts'
export { type FeedEntry, type FeedName, feedTable } from './feeds/feed-table.ts'
export { type ReplayWindow, replayWindow } from './feeds/replay-window.ts'

export {
  type Appointment,
  appointmentModifiedAt,
  type AppointmentNote,
  appointmentStart,
} from './records/appointment.ts'
export { type PatientDocument } from './records/document.ts'
export { departmentZone, type ZoneFields } from './records/department-zone.ts'
export { type Patient, type PatientId } from './records/patient.ts'
export {
  type AppointmentReason,
  type AppointmentType,
  type Department,
  type PracticeInfo,
  type Provider,
} from './records/practice-records.ts'

export { addDays, type PlainDate, type PlainTime, readPlainDate, readPlainTime, toUsDate } from './wire/plain-date.ts'
export { type BodyForm, type JsonText, readJson } from './wire/read-json.ts'
export { type PageContent, type PageReading, type RecordFault } from './wire/read-page.ts'
export {
  easternWallToInstant,
  easternZone,
  instantOf,
  instantsOf,
  instantToEasternWall,
  offsetMinutesAt,
  type WallTime,
  wallTimeAt,
  type Zone,
} from './wire/time-zone.ts'
export { readWireDateTime, type WireDateTime, wireInstant } from './wire/wire-date-time.ts'
