/** A program for any runtime with `fetch`. Compiled for a bundler, without the types of Node. */
import { accessToken, type AthenaClientOptions, content, createAthenaClient } from '@aegis/client'

export const options: AthenaClientOptions = {
  environment: 'preview',
  // A browser holds no secret: tokens come from a server of yours.
  tokenSource: { get: async () => accessToken('a-token', 1, 0) },
  fetch: (url, init) => fetch(url, init),
}

export const practice = createAthenaClient(options).practice(195900)

export async function upload(file: Blob): Promise<string | undefined> {
  const { value } = await practice.request('POST /patients/{patientid}/documents', {
    path: { patientid: '7' },
    form: { attachmentcontents: content(file), documentsubclass: 'CLINICALDOCUMENT' },
  })
  return value.documentid
}
