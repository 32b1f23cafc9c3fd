import type { StatusReport } from '@aegis/server'
import type { Output } from '../terminal.ts'
import { describeChanges } from './describe-changes.ts'
import { extendHistory, type History } from './history.ts'
import type { Size } from './line.ts'
import { renderView } from './render-view.ts'

export interface LiveViewOptions {
  readonly out: Output
  readonly status: () => Promise<StatusReport>
  /** One line per change of state instead of a picture, also on a terminal. */
  readonly plain: boolean
  readonly color: boolean
  readonly unicode: boolean
  /** Between two pictures. Default 1,000. */
  readonly intervalMs?: number
}

export interface LiveView {
  /** Shows no more; the terminal is as it was, with the last picture left standing. */
  stop(): Promise<void>
}

const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const TOP = '\u001b[H'
const REST_OF_LINE = '\u001b[K'
const REST_OF_SCREEN = '\u001b[J'

/** Shows what `status` reports until it is stopped: in place on a terminal, line by line elsewhere. */
export function startLiveView(options: LiveViewOptions): LiveView {
  const view = options.plain || !options.out.isTTY ? lineView(options) : pictureView(options)
  return poll(options, view)
}

interface View {
  show(report: StatusReport): void
  fail(): void
  end(): void
}

/** Of the time at most this share goes into asking: a picture of thousands of practices is drawn less often. */
const SHARE_OF_TIME = 0.05

/** Asks and shows, then waits: a slow answer never leads to two at once. */
function poll({ status, intervalMs = 1_000 }: LiveViewOptions, view: View): LiveView {
  const stopped = Promise.withResolvers<undefined>()
  let isStopped = false
  const loop = async () => {
    while (!isStopped) {
      const askedAt = performance.now()
      // Nobody who wants to end waits for an answer that may not come.
      const report = await Promise.race([status().catch(() => undefined), stopped.promise])
      if (isStopped) break
      if (report) view.show(report)
      else view.fail()
      await pause(Math.max(intervalMs, (performance.now() - askedAt) / SHARE_OF_TIME), stopped.promise)
    }
    view.end()
  }
  const done = loop()
  return {
    stop() {
      isStopped = true
      stopped.resolve(undefined)
      return done
    },
  }
}

async function pause(ms: number, stopped: Promise<undefined>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([over, stopped])
  clearTimeout(timer)
}

function lineView({ out }: LiveViewOptions): View {
  let last: StatusReport | undefined
  let failing = false
  return {
    show(report) {
      for (const line of describeChanges(last, report)) out.write(`${line}\n`)
      if (failing) out.write('The status can be read again.\n')
      failing = false
      last = report
    },
    fail() {
      if (!failing) out.write('The status cannot be read at the moment; the work may go on. See the log.\n')
      failing = true
    },
    end: () => undefined,
  }
}

function pictureView({ out, color, unicode }: LiveViewOptions): View {
  let history: History = []
  let last: StatusReport | undefined
  const size = (): Size => ({ columns: out.columns, rows: out.rows, color, unicode })
  const draw = () => {
    const lines = last ? renderView(last, size(), history) : []
    // Written over, not cleared first: nothing flickers. The last line has no end, or the screen would scroll.
    out.write(`${TOP}${lines.map((line) => `${line}${REST_OF_LINE}`).join('\r\n')}${REST_OF_SCREEN}`)
  }
  const stopResizing = out.onResize(draw)
  const leave = () => out.write(LEAVE)
  const stopLeaving = out.onExit(leave)
  out.write(`${ENTER} Aegis is up; its status is being read`)
  return {
    show(report) {
      history = extendHistory(history, report)
      last = report
      draw()
    },
    fail: draw,
    end() {
      stopResizing()
      stopLeaving()
      leave()
      if (last)
        out.write(
          `${renderView(last, { ...size(), rows: 1_000 }, history)
            .slice(0, -1)
            .join('\n')}\n`,
        )
    },
  }
}
