/**
 * Named no-op points between two durable steps, where the rig stops, fails or kills the process. In production the
 * hook is unset and a point costs one comparison. Names are `<slice>.<where>`, e.g. `sync.after-consume`.
 */
export type FailpointHook = (name: string) => void | Promise<void>

let hook: FailpointHook | undefined

/** Awaited at every point; the hook may throw, never resolve, or end the process. */
export async function failpoint(name: string): Promise<void> {
  if (hook) await hook(name)
}

/** Installs a hook for the whole process and returns what removes it. Tests and the rig only. */
export function setFailpointHook(next: FailpointHook): () => void {
  hook = next
  return () => {
    if (hook === next) hook = undefined
  }
}
