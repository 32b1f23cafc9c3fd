/** What happens to a body, once. */
export interface BodyEvents {
  /** The last byte was read; the reader sees the end when this has resolved, or its rejection instead of the end. */
  ended(): Promise<void>
  /** It broke off, or its reader gave up. */
  brokeOff(): void
}

/** The same response, with an eye on its body. A response without a body has ended already. */
export async function watchedResponse(response: Response, events: BodyEvents): Promise<Response> {
  const { status, statusText, headers } = response
  const reader = response.body?.getReader()
  if (!reader) {
    await events.ended()
    return new Response(null, { status, statusText, headers })
  }
  let over = false
  const brokeOff = () => {
    if (!over) events.brokeOff()
    over = true
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await reader.read()
          if (!chunk.done) {
            controller.enqueue(chunk.value)
            return
          }
          over = true
          await events.ended()
          controller.close()
        } catch (error) {
          brokeOff()
          throw error
        }
      },
      async cancel(reason) {
        brokeOff()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status, statusText, headers })
}
