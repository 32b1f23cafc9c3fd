import { STATUS_CODES } from 'node:http'
import type { SeededRandom } from '../practice/seeded-random.ts'
import type { Answer } from './answer.ts'
import type { Quirks } from './quirks.ts'

/** Statuses that proxies and gateways answer in their own words (athenahealth's page on errors). */
function isGatewayStatus(status: number): boolean {
  return status === 401 || status === 403 || status === 404 || status === 429 || status >= 500
}

/** An answer as the quirks about bytes and headers want it, wherever it was made. */
export function disguiseAnswer(answer: Answer, quirks: Quirks, random: SeededRandom): Answer {
  const { status, body } = answer
  let { headers } = answer
  let bytes = body
  if (typeof body === 'string' && body !== '') {
    if (isGatewayStatus(status) && (quirks.errorBodies === 'html' || quirks.errorBodies === 'text')) {
      headers = withContentType(headers, quirks.errorBodies === 'html' ? 'text/html' : 'text/plain')
      bytes = gatewayText(status, quirks.errorBodies)
    } else if (quirks.leadingNewlines === 'all' || (quirks.leadingNewlines === 'errors' && status >= 400)) {
      bytes = `\n\n${body}`
    }
  }
  return { ...answer, headers: quirks.strayHeaders ? [...headers, ...strayHeaders(random)] : headers, body: bytes }
}

/** What a proxy or gateway says with a status in its own words. */
export function gatewayText(status: number, style: 'html' | 'text'): string {
  const reason = STATUS_CODES[status] ?? 'Error'
  if (style === 'text') return `${status} ${reason}\n`
  return `<html>\n<head><title>${status} ${reason}</title></head>\n<body>\n<h1>${reason}</h1>\n</body>\n</html>\n`
}

function withContentType(headers: readonly string[], contentType: string): string[] {
  return headers.map((text, index) =>
    index % 2 === 1 && headers[index - 1]?.toLowerCase() === 'content-type' ? contentType : text,
  )
}

/** Recorded from 2016 to 2023, not all on one answer. */
function strayHeaders(random: SeededRandom): readonly string[] {
  return [
    'Server',
    'Apache',
    random.chance(0.5) ? 'Cneonction' : 'nnCoection',
    'close',
    'Accept-CH',
    'Sec-CH-UA-Platform-Version',
    'Vary',
    'Accept-Encoding',
    'Set-Cookie',
    `dtCookie=v_4_srv_${random.between(1, 9)}_sn_${random
      .below(2 ** 32)
      .toString(16)
      .toUpperCase()}; Path=/`,
  ]
}
