/** The pages and files of documents. */
import { stateOf } from '../practice/create-practice.ts'
import { documentClasses, type DocumentClass, type DocumentClassRow } from '../practice/document-class.ts'
import { originalOf, pageOf, pagesOf, type FileBytes } from '../practice/document-page.ts'
import type { Document } from '../practice/document.ts'
import { ReplyError, type Reply, type Route, type RouteContext } from '../route.ts'
import { notFound } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { looseDocument, pathDocument } from './document-requests.ts'
import { pathNumber } from './request-fields.ts'

/** The pages as a document lists them (names from a public client): `href` leads to each. */
export function pageRecords({ url }: RouteContext, document: Document): Record<string, unknown>[] {
  return pagesOf(document).map(({ id, ordering, contentType }) => ({
    pageid: String(id),
    pageordering: String(ordering),
    contenttype: contentType,
    href: `${url}/pages/${id}`,
  }))
}

function fileReply(file: FileBytes | undefined): Reply {
  if (file === undefined) throw new ReplyError(notFound('The document has no such file.'))
  return { status: 200, body: undefined, content: file }
}

/** A page of the document that `find` finds. */
function getPage(context: RouteContext, find: () => Document): Reply {
  const page = pathNumber(context, 'pageid')
  return fileReply(pageOf(stateOf(context.practice), find(), page))
}

/** Documented: only what was faxed or uploaded has an original. */
function getOriginal(context: RouteContext, row: DocumentClassRow): Reply {
  return fileReply(originalOf(stateOf(context.practice), pathDocument(context, row)))
}

/** A clinical document that came as XML. */
function getXml(context: RouteContext, row: DocumentClassRow): Reply {
  const file = originalOf(stateOf(context.practice), pathDocument(context, { ...row, idField: 'documentid' }))
  return fileReply(file?.type === 'application/xml' ? file : undefined)
}

/** Classes whose documents have no pages, have an original, and may be nobody's. */
const pageless: ReadonlySet<DocumentClass> = new Set(['PATIENTCASE'])
const withOriginal: ReadonlySet<DocumentClass> = new Set([
  'ADMIN',
  'CLINICALDOCUMENT',
  'IMAGINGRESULT',
  'LABRESULT',
  'MEDICALRECORD',
])
const maybeLoose: ReadonlySet<DocumentClass> = new Set(['ADMIN', 'PHONEMESSAGE'])

function routesOf(row: DocumentClassRow): Route[] {
  const single = `/documents/${row.segment}/{${row.idField}}`
  const page = `${single}/pages/{pageid}`
  const routes: Route[] = []
  const add = (path: string, handle: Route['handle']): void => {
    routes.push({ method: 'GET', path, handle: orError(handle) })
  }
  if (!pageless.has(row.name)) {
    add(`/patients/{patientid}${page}`, (context) => getPage(context, () => pathDocument(context, row)))
  }
  if (maybeLoose.has(row.name)) add(page, (context) => getPage(context, () => looseDocument(context, row)))
  if (withOriginal.has(row.name)) {
    add(`/patients/{patientid}${single}/originaldocument`, (context) => getOriginal(context, row))
  }
  if (row.name === 'CLINICALDOCUMENT') {
    add('/patients/{patientid}/documents/clinicaldocument/{documentid}/xml', (context) => getXml(context, row))
  }
  return routes
}

export const documentPageRoutes: readonly Route[] = documentClasses.flatMap(routesOf)
