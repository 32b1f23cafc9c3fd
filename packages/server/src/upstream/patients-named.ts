import type { AthenaCall } from '@aegis/client'

/**
 * Ids of the patients that a request names by itself: in the path where the route has `{patientid}`, in the query and in
 * the form. They are known before the call is made, so the attempt already says whose data is about to be read or
 * written.
 */
export function patientsNamed(call: Pick<AthenaCall, 'route'>, url: URL, form = ''): string[] {
  const named = new Set<string>()
  const route = call.route.split('/')
  // The route is the path's end: before it stand version and practice.
  const path = url.pathname.split('/').slice(-route.length)
  const inPath = path[route.indexOf('{patientid}')]
  if (route.includes('{patientid}') && inPath) named.add(decodeURIComponent(inPath))
  for (const [name, value] of [...url.searchParams, ...new URLSearchParams(form)]) {
    if (name.toLowerCase() === 'patientid') for (const id of value.split(',')) if (id) named.add(id)
  }
  return [...named]
}
