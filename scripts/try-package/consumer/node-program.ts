/** A program on Node as a stranger writes it. Compiled against the installed package, with and without the browser's types. */
import { type AthenaClient, type AthenaErrorCode, createAthenaClient, isAthenaError, type Patient } from '@aegis/client'
import { fileContent } from '@aegis/client/node'

export async function program(athena: AthenaClient): Promise<string | undefined> {
  const practice = athena.practice(195900)
  for await (const { departmentid } of practice.departments.list()) return departmentid
  const { value } = await practice.patients.get('7')
  const patient: Patient = value
  const surprise: unknown = patient['a-field-of-tomorrow']
  const { value: chart } = await practice.request('GET /patients/{patientid}', { path: { patientid: 7 } })
  const name: string | undefined = chart[0].firstname
  await practice.request('POST /patients/{patientid}/documents', {
    path: { patientid: 7 },
    form: { attachmentcontents: await fileContent('a.pdf'), documentsubclass: 'CLINICALDOCUMENT' },
  })
  return [surprise, name].join()
}

export function wrong(athena: AthenaClient): unknown {
  const practice = athena.practice(195900)
  return [
    // @ts-expect-error there is no such endpoint: were the package's types lost on the way, this line would compile
    practice.request('GET /nothing'),
    // @ts-expect-error a required parameter is missing
    practice.request('GET /patients/{patientid}'),
    // @ts-expect-error codes are a closed set
    'oops' satisfies AthenaErrorCode,
  ]
}

export const athena = createAthenaClient({
  environment: 'preview',
  credential: { clientId: 'a', secret: 'b' },
  // The runtime's own fetch fits as it is.
  fetch,
})
export const isThrottled = (error: unknown): boolean => isAthenaError(error, 'throttled')
