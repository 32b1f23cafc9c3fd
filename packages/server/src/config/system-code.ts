/** The system's code of a failed call on a file, such as ENOENT. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unreadable'
}
