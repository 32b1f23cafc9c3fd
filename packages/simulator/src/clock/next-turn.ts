/** Resolves in the next turn of the event loop: timers and sockets that are ready come before. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
