import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'

/** A message that does not come within this time does not come. */
const timeoutMs = 60_000

export interface Position {
  readonly line: number
  readonly character: number
}

/** TypeScript's language server, as an editor talks to it: JSON-RPC over standard input and output. */
export class LanguageServer {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<number, (result: unknown) => void>()
  #received: Buffer = Buffer.alloc(0)
  #lastId = 0
  #version = 0

  constructor(tsc: string, folder: string) {
    this.#process = spawn(tsc, ['--lsp', '--stdio'], { cwd: folder })
    this.#process.stdout.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#process.stderr.resume()
  }

  /** Opens the folder as an editor does. */
  async start(folder: string): Promise<void> {
    const rootUri = pathToFileURL(folder).href
    const capabilities = { textDocument: { completion: { completionItem: {} } } }
    await this.#ask('initialize', { processId: process.pid, rootUri, capabilities })
    this.#tell('initialized', {})
  }

  open(file: string, text: string): void {
    this.#version = 1
    const textDocument = { uri: pathToFileURL(file).href, languageId: 'typescript', version: 1, text }
    this.#tell('textDocument/didOpen', { textDocument })
  }

  /** Replaces the whole text, as after a key was pressed. */
  change(file: string, text: string): void {
    this.#version += 1
    const textDocument = { uri: pathToFileURL(file).href, version: this.#version }
    this.#tell('textDocument/didChange', { textDocument, contentChanges: [{ text }] })
  }

  /** What the editor would offer at a place: the labels. */
  async complete(file: string, position: Position): Promise<readonly string[]> {
    const result = await this.#ask('textDocument/completion', {
      textDocument: { uri: pathToFileURL(file).href },
      position,
      context: { triggerKind: 1 },
    })
    // The border: the protocol's CompletionList, or its items alone.
    const list = result as { items?: { label: string }[] } | { label: string }[] | null
    const items = Array.isArray(list) ? list : (list?.items ?? [])
    return items.map(({ label }) => label)
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill()
    await gone
  }

  #ask(method: string, params: object): Promise<unknown> {
    const id = (this.#lastId += 1)
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), timeoutMs)
      this.#waiting.set(id, (result) => {
        clearTimeout(timer)
        resolve(result)
      })
    })
    this.#send({ id, method, params })
    return answer
  }

  #tell(method: string, params: object): void {
    this.#send({ method, params })
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (true) {
      const end = this.#received.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(/Content-Length: (\d+)/i.exec(this.#received.subarray(0, end).toString())?.[1])
      if (this.#received.length < end + 4 + length) return
      const message = JSON.parse(this.#received.subarray(end + 4, end + 4 + length).toString())
      this.#received = this.#received.subarray(end + 4 + length)
      this.#read(message)
    }
  }

  #read({ id, method, result }: { id?: number; method?: string; result?: unknown }): void {
    if (id === undefined) return
    // The server asks editors for settings and to register what it watches: it gets nothing, and goes on.
    if (method !== undefined) this.#send({ id, result: method === 'workspace/configuration' ? [null] : null })
    else this.#waiting.get(id)?.(result)
  }
}
