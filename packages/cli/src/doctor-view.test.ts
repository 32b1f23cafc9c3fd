import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Examination } from '@aegis/server'
import { renderExamination } from './doctor-view.ts'
import { textWidth } from './text-width.ts'

const examination: Examination = {
  environment: 'production',
  home: '/srv/aegis',
  findings: [
    { area: 'machine', check: 'node', level: 'ok', message: 'Node 24.21.0' },
    {
      area: 'files',
      check: 'key-file',
      level: 'failure',
      message:
        'Other users of this machine can read /srv/aegis/keys/phi.kek, and whoever reads it can open what is sealed.',
      remedy: 'Run: chmod 600 /srv/aegis/keys/phi.kek',
    },
    { area: 'files', check: 'log', level: 'warning', message: 'A log is large.', remedy: 'Look at it.' },
    { area: 'quota', check: 'left', level: 'skipped', message: 'Not known: calls are counted in the database.' },
  ],
}

test('findings are shown area by area, with remedies, and summed up', () => {
  assert.equal(
    `\n${renderExamination(examination, { columns: 80, color: false, unicode: true }).join('\n')}\n`,
    `
 Aegis doctor  production  /srv/aegis

 machine
   ok      Node 24.21.0
 files
   FAILURE Other users of this machine can read /srv/aegis/keys/phi.kek, and
           whoever reads it can open what is sealed.
         → Run: chmod 600 /srv/aegis/keys/phi.kek
   warning A log is large.
         → Look at it.
 quota
   skipped Not known: calls are counted in the database.

 1 failure, 1 warning, 1 ok, 1 skipped
`,
  )
})

test('they fit into narrow terminals, in ASCII and in colour', () => {
  const lines = renderExamination(examination, { columns: 40, color: false, unicode: false })
  assert.ok(lines.every((line) => textWidth(line) <= 40))
  assert.match(lines.join(''), /^[ -~]*$/)
  const colored = renderExamination(examination, { columns: 80, color: true, unicode: true })
  assert.ok(colored.join('\n').includes('\u001b[31m   FAILURE '))
})
