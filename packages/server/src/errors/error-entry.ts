/** What a code means to a caller (status, generic title: RFC 9457) and to the operator (remedy). */
export interface ErrorEntry {
  readonly status: number
  readonly title: string
  readonly remedy?: string
}
