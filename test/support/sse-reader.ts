/** Reads an event stream from a fetch response event by event, as the text between blank lines. */

export interface SseReader {
  readonly response: Response
  /** The next event; `undefined` at a clean end. Rejects when the stream breaks. */
  next(): Promise<string | undefined>
  cancel(): Promise<void>
}

export function sseReader(response: Response): SseReader {
  const { body } = response
  if (body === null) throw new Error('the response has no body')
  const bytes = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  const next = async (): Promise<string | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const event = text.slice(0, end)
        text = text.slice(end + 2)
        return event
      }
      const { done, value } = await bytes.read()
      if (!done) text += decoder.decode(value, { stream: true })
      else if (text === '') return undefined
      else throw new Error(`the stream ended inside an event: ${text}`)
    }
  }
  return {
    response,
    next,
    cancel: () => bytes.cancel(),
  }
}
