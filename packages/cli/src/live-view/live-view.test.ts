import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { memoryOutput } from '../../testing/memory-output.ts'
import { sampleFeed, samplePractice, sampleReport } from '../../testing/sample-report.ts'
import { type LiveViewOptions, startLiveView } from './live-view.ts'

const options = { plain: false, color: false, unicode: true, intervalMs: 1 }

/** Resolves when `asked` reports were handed out after now. */
function statusSource(reports: LiveViewOptions['status'] = async () => sampleReport()) {
  let asked = 0
  const status = () => {
    asked += 1
    return reports()
  }
  const more = async (count: number) => {
    const wanted = asked + count
    while (asked < wanted) await turn()
  }
  return { status, more }
}

describe('on a terminal', () => {
  test('the picture is drawn in place, and at the end the terminal is as before with the last picture on it', async () => {
    const out = memoryOutput({ isTTY: true })
    const { status, more } = statusSource()
    const view = startLiveView({ ...options, out, status })
    await more(3)
    await view.stop()
    assert.ok(out.text.startsWith('\u001b[?1049h\u001b[?25l'), 'another screen, no cursor')
    assert.ok(out.text.split('\u001b[H').length >= 3, 'more than one picture')
    assert.ok(!out.text.includes('\u001b[2J'), 'never cleared: that would flicker')
    const [, left = ''] = out.text.split('\u001b[?25h\u001b[?1049l')
    assert.match(left, /^ Aegis 0\.1\.0 {2}local[\s\S]* No alarms\.\n$/)
  })

  test('a new size is drawn at once', async () => {
    const out = memoryOutput({ isTTY: true })
    const { status } = statusSource()
    const view = startLiveView({ ...options, intervalMs: 60_000, out, status })
    await turn()
    const before = out.text.length
    out.resize(40, 10)
    const picture = out.text.slice(before).split('\u001b[H')[1] ?? ''
    await view.stop()
    const lines = picture.split('\r\n').map((line) => line.split('\u001b')[0] ?? '')
    assert.ok(lines.length > 3 && lines.length <= 10 && lines.every((line) => line.length <= 40), picture)
  })

  test('asked for plain lines, it draws nothing', async () => {
    const out = memoryOutput({ isTTY: true })
    const { status, more } = statusSource()
    const view = startLiveView({ ...options, plain: true, out, status })
    await more(2)
    await view.stop()
    assert.ok(!out.text.includes('\u001b'))
  })
})

describe('elsewhere', () => {
  test('a line is written for every change of state and none for anything else', async () => {
    const out = memoryOutput()
    let state: 'settling' | 'live' = 'settling'
    const { status, more } = statusSource(async () =>
      sampleReport({ practices: [samplePractice({ feeds: [sampleFeed({ state })] })] }),
    )
    const view = startLiveView({ ...options, out, status })
    await more(3)
    state = 'live'
    await more(3)
    await view.stop()
    const lines = out.text.trim().split('\n')
    assert.equal(lines.length, 3)
    assert.match(lines[1] ?? '', /patients: settling/)
    assert.match(lines[2] ?? '', /patients: live/)
  })

  test('a status that cannot be read is said once, and once when it can be again', async () => {
    const out = memoryOutput()
    let broken = true
    const { status, more } = statusSource(async () => {
      if (broken) throw new Error('the database is gone')
      return sampleReport({ practices: [] })
    })
    const view = startLiveView({ ...options, out, status })
    await more(3)
    broken = false
    await more(3)
    await view.stop()
    assert.equal(out.text.split('\n').filter((line) => /cannot be read/.test(line)).length, 1)
    assert.equal(out.text.split('\n').filter((line) => /can be read again/.test(line)).length, 1)
  })
})

test('a slow status is not asked for twice at once', async () => {
  let running = 0
  let most = 0
  const { status, more } = statusSource(async () => {
    most = Math.max(most, ++running)
    for (let turns = 0; turns < 20; turns++) await turn()
    running -= 1
    return sampleReport()
  })
  const view = startLiveView({ ...options, out: memoryOutput(), status })
  await more(4)
  await view.stop()
  assert.equal(most, 1)
})

test('it ends although the status never comes', async () => {
  const view = startLiveView({ ...options, out: memoryOutput(), status: () => new Promise(() => undefined) })
  await turn()
  await view.stop()
})
