/** The reference of the client, from the declarations that its package carries and the doc comments in them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { catalogueEntry } from '../../packages/client/src/catalogue/catalogue.ts'
import { isPaged } from '../../packages/client/src/request/request-endpoint.ts'
import { type Declaration, type Export, type Member, readDeclarations, readExports } from './declarations.ts'

const client = join(import.meta.dirname, '..', '..', 'packages', 'client')

/** Declarations longer than this are tables: their names say enough. */
const linesMax = 60

interface Section {
  readonly title: string
  readonly text: string
  /** Files whose exports belong here: whole folders end with a slash. */
  readonly files: readonly string[]
}

/** Every public export belongs to one of these, by the file it is declared in. */
const sections: readonly Section[] = [
  { title: 'The client', text: 'Where everything begins.', files: ['athena-client.ts', 'environment.ts', 'clock.ts'] },
  {
    title: 'A practice',
    text: 'What `athena.practice(id)` gives: methods by what they are about.',
    files: [
      'resources/athena-practice.ts',
      'resources/patients.ts',
      'resources/appointments.ts',
      'resources/appointment-notes.ts',
      'resources/practice-setup.ts',
      'resources/practice-api.ts',
      'resources/method-table.ts',
    ],
  },
  {
    title: 'Lists',
    text: '',
    files: ['resources/list.ts', 'resources/endpoints.ts', 'wire/read-page.ts', 'wire/read-json.ts'],
  },
  { title: 'Feeds', text: '', files: ['feeds/'] },
  { title: 'Any endpoint', text: '', files: ['request/', 'catalogue/'] },
  { title: 'Records', text: 'Known fields are typed, all others are there as `unknown`.', files: ['records/'] },
  { title: 'Files', text: '', files: ['upload/', 'resources/download.ts', 'node.ts'] },
  { title: 'Answers, options and hooks', text: '', files: ['athena-call.ts', 'call/params.ts', 'call/send-call.ts'] },
  { title: 'Errors', text: '', files: ['athena-error.ts'] },
  { title: 'Credentials and tokens', text: '', files: ['token/'] },
  { title: 'Dates and times', text: '', files: ['wire/plain-date.ts', 'wire/time-zone.ts', 'wire/wire-date-time.ts'] },
  { title: 'Decisions as functions', text: 'Pure, for programs that send by themselves.', files: ['call/'] },
]

export interface PublicName extends Export {
  readonly declaration: Declaration
}

export interface ClientApi {
  readonly exports: readonly PublicName[]
  /** Everything that is declared anywhere, by name. */
  readonly all: ReadonlyMap<string, Declaration>
}

/** What the package exports, from both its entries, with what the compiler says of each. */
export function readClientApi(): ClientApi {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-reference-'))
  try {
    const tsc = join(client, '..', '..', 'node_modules', '.bin', 'tsc')
    for (const project of ['tsconfig.build.json', 'tsconfig.node.json']) {
      execFileSync(tsc, ['-p', join(client, project), '--emitDeclarationOnly', '--outDir', folder])
    }
    return readFolder(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readFolder(folder: string): ClientApi {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.d.ts'))
  const byFile = new Map(files.map((path) => [path, readDeclarations(readFileSync(join(folder, path), 'utf8'))]))
  const all = new Map([...byFile.values()].flat().map((declaration) => [declaration.name, declaration]))
  const named = readExports(readFileSync(join(folder, 'index.d.ts'), 'utf8'))
  const ofNode = byFile.get('node.d.ts') ?? []
  const exports = [...named, ...ofNode.map(({ name }) => ({ name, from: './node.ts' }))].map(({ name, from }) => {
    const file = from.replace(/^\.\//, '')
    const declaration = byFile.get(file.replace(/\.ts$/, '.d.ts'))?.find((each) => each.name === name)
    if (!declaration) throw new Error(`${name} is exported, and ${file} does not declare it`)
    return { name, from: file, declaration }
  })
  return { exports, all }
}

/** The page as Markdown. */
export function clientPage(api = readClientApi()): string {
  const placed = api.exports.map((each) => ({ each, section: sectionOf(each.from) }))
  const parts = sections.map((section) => {
    const own = placed.filter((place) => place.section === section).map(({ each }) => each)
    const sorted = own.toSorted((a, b) => orderOf(section, a.from) - orderOf(section, b.from))
    const text = section.text && `${section.text}\n\n`
    return `## ${section.title}\n\n${text}${sorted.map((each) => entry(api, each)).join('\n')}`
  })
  const contents = sections.map(({ title }) => `[${title}](#${anchor(title)})`).join(' · ')
  return `# Client reference

Every public name of \`@aegis/client\`, from its doc comments. The [README](../../packages/client/README.md) is the way in, the
[examples](../../examples) show it at work. What is exported by \`@aegis/client/node\` says so.

${contents}

${parts.join('\n')}`
}

/** Public names without a doc comment, methods of theirs without one (`Name.method`), and such entries of tables. */
export function undocumented({ exports, all }: ClientApi): string[] {
  const names = exports.flatMap(({ name, declaration: { doc, members } }) => [
    ...(doc === '' ? [name] : []),
    ...members.flatMap((member) =>
      /^[(<]/.test(member.type) && !member.doc && member.name !== 'constructor' ? [`${name}.${member.name}`] : [],
    ),
  ])
  const tables = [...all.values()].filter(({ name }) => name.endsWith('Methods'))
  return [...names, ...tables.flatMap(({ name, members }) => bareMethods(members, name))]
}

function bareMethods(members: readonly Member[], place: string): string[] {
  return members.flatMap(({ name, doc, members: inner }) => [
    ...(doc === '' ? [`${place}.${name}`] : []),
    ...bareMethods(
      inner.filter((member) => member.name !== 'kind'),
      `${place}.${name}`,
    ),
  ])
}

function sectionOf(file: string): Section {
  const found =
    sections.find((section) => section.files.includes(file)) ??
    sections.find((section) => section.files.some((start) => start.endsWith('/') && file.startsWith(start)))
  if (!found) throw new Error(`exports of ${file} belong to no section of the reference: give them one`)
  return found
}

function orderOf({ files }: Section, file: string): number {
  return files.findIndex((start) => file === start || (start.endsWith('/') && file.startsWith(start)))
}

function entry(api: ClientApi, { name, from, declaration }: PublicName): string {
  const origin = from === 'node.ts' ? ' (`@aegis/client/node`)' : ''
  const parts = [`### \`${name}\`${origin}`, declaration.doc, codeBlock(declaration)]
  parts.push(...declaration.members.flatMap((member) => tableOfMember(api, { member, name })))
  const more = /extends Methods<typeof (\w+)>/.exec(declaration.text)?.[1]
  if (more !== undefined) parts.push('And, by the endpoints they call:', methodTable(api, more))
  if (name === 'AthenaErrorCode') parts.push(codeTable(api))
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function codeBlock({ text, name }: Declaration): string {
  if (name === 'AthenaErrorCode') return ''
  const lines = text.replaceAll(/^(?: {4})+/gm, (indent) => ' '.repeat(indent.length / 2)).split('\n')
  const shown = lines.length <= linesMax ? lines : [...lines.slice(0, 8), `  … ${lines.length - 9} more`, '}']
  return `\`\`\`ts\n${shown.join('\n')}\n\`\`\``
}

/** A member whose methods are a table of endpoints. */
function tableOfMember(api: ClientApi, { member, name }: { member: Member; name: string }): string[] {
  const table = /^Methods<typeof (\w+)>$/.exec(member.type)?.[1]
  if (table === undefined) return []
  return [`#### \`${name}.${member.name}\``, api.all.get(table)?.doc ?? '', methodTable(api, table)]
}

function methodTable(api: ClientApi, table: string): string {
  const rows = methodsOf(api.all.get(table)?.members ?? [], '')
  return `| Method | Calls | |\n|---|---|---|\n${rows.join('\n')}`
}

/** Rows of the table: an entry holds the endpoint's name, a group holds entries. */
function methodsOf(members: readonly Member[], prefix: string): string[] {
  return members.flatMap(({ name, doc, type, members: inner }) => {
    const endpoint = /['"]((?:GET|POST|PUT|DELETE) \/[^'"]*)['"]/.exec(type)?.[1]
    if (type.startsWith('{')) return methodsOf(inner, `${prefix}${name}.`)
    if (endpoint === undefined) throw new Error(`${prefix}${name} calls no endpoint`)
    return [
      `| \`${prefix}${name}\` | \`${endpoint}\` | ${[doc.replaceAll('\n', ' '), gives(endpoint, type)].join(' ')} |`,
    ]
  })
}

function gives(endpoint: string, type: string): string {
  if (type.startsWith('DownloadEntry')) return 'Gives bytes.'
  if (type.startsWith('SectionEntry')) return ''
  const found = catalogueEntry(endpoint)
  if (type.startsWith('InferredList')) return 'A list; its shape is inferred.'
  if (type.startsWith('InferredRecord')) return 'Its shape is inferred.'
  return found && isPaged(found) ? 'A list.' : ''
}

function codeTable(api: ClientApi): string {
  const rows = (api.all.get('advice')?.members ?? []).map(({ name, type }) => `| \`${name}\` | ${type.slice(1, -1)} |`)
  return `| Code | |\n|---|---|\n${rows.join('\n')}`
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z -]/g, '')
    .replaceAll(' ', '-')
}
