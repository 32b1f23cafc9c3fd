/** Takes a multipart body apart (RFC 7578), byte for byte. */
import type { Part } from '../route.ts'

/** More parts than any request of this API has: a body of nothing but boundaries must not keep the simulator busy. */
const partsMax = 1000

/**
 * The parts of a body held with one character a byte. Undefined when the content type names no boundary, when the body
 * does not end with the closing one, as a body that was cut short does not, or when a part has no name.
 */
export function parseMultipart(body: string, contentType: string): Part[] | undefined {
  const boundary = boundaryOf(contentType)
  if (boundary === undefined) return undefined
  // The first boundary has no line before it, so the body is given one; what stands before it is no part.
  const text = `\r\n${body}`
  const delimiter = `\r\n--${boundary}`
  const parts: Part[] = []
  let from = text.indexOf(delimiter)
  while (from >= 0 && parts.length < partsMax) {
    const after = from + delimiter.length
    if (text.startsWith('--', after)) return parts
    const lineEnd = text.indexOf('\r\n', after)
    if (lineEnd < 0 || text.slice(after, lineEnd).trim() !== '') return undefined
    const next = text.indexOf(delimiter, lineEnd)
    const part = next < 0 ? undefined : parsePart(text.slice(lineEnd, next))
    if (part === undefined) return undefined
    parts.push(part)
    from = next
  }
  return undefined
}

function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  return match?.[1] ?? match?.[2]
}

/** A part from the line break behind its boundary on. */
function parsePart(text: string): Part | undefined {
  const headersEnd = text.indexOf('\r\n\r\n')
  if (headersEnd < 0) return undefined
  const headers = new Map<string, string>()
  // Headers are UTF-8, as browsers and most libraries send names of files.
  for (const line of Buffer.from(text.slice(0, headersEnd), 'latin1').toString('utf8').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
  const disposition = headers.get('content-disposition') ?? ''
  const name = parameterOf(disposition, 'name')
  if (name === undefined) return undefined
  return {
    name,
    fileName: parameterOf(disposition, 'filename') ?? extendedParameterOf(disposition, 'filename'),
    contentType: headers.get('content-type'),
    transferEncoding: headers.get('content-transfer-encoding')?.toLowerCase(),
    bytes: Buffer.from(text.slice(headersEnd + 4), 'latin1'),
  }
}

/** A parameter of a header; quotes in a quoted one come as `%22` (browsers) or `\"`. */
function parameterOf(header: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(header)
  return match?.[1]?.replace(/\\(.)/g, '$1').replaceAll('%22', '"') ?? match?.[2]
}

/** `name*=UTF-8\'\'…` (RFC 5987). */
function extendedParameterOf(header: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}\\*=[\\w-]*'[\\w-]*'([^;\\s]+)`, 'i').exec(header)
  if (match === null) return undefined
  try {
    return decodeURIComponent(match[1] ?? '')
  } catch {
    return match[1]
  }
}
