/** What a code means to a caller (status, generic title: RFC 9457) and to the operator (remedy). */
export interface ErrorEntry {
  readonly status: number
  readonly title: string
  readonly remedy?: string
}

/** Every error code of the server. A code is `<slice>.<what>`; keep the table sorted by slice. */
export const errorTable = {
  'db.unavailable': { status: 503, title: 'The database is not reachable' },
  'lease.lost': { status: 503, title: 'Another process took over this work' },
  'internal.unexpected': { status: 500, title: 'Something went wrong inside Aegis' },
} satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable
