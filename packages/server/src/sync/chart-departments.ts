import type { WireRecord } from '../records/wire-record.ts'

interface Places {
  readonly departments: Pick<ReadonlyMap<string, WireRecord>, 'get'>
  readonly openDepartments: readonly string[]
}

/**
 * The departments by which a patient's charts are asked for: departments of one chart-sharing group share a chart, so one
 * of each group answers for all. The patient's own department comes first in its group; one without clinicals keeps no
 * charts and comes last.
 */
export function chartDepartments(
  { departments, openDepartments }: Places,
  own: string | undefined,
): readonly (readonly string[])[] {
  const groups = groupsOf(departments, openDepartments)
  const rank = (id: string) => (departments.get(id)?.clinicals === 'OFF' ? 2 : id === own ? 0 : 1)
  return [...groups.values()].map((ids) => ids.toSorted((a, b) => rank(a) - rank(b)))
}

/**
 * The departments that are gone, by chart, where no open one shares it: a chart they kept may still be shown by way of them, and
 * what stood in it is no less there because they are closed.
 */
export function closedCharts({
  departments,
  openDepartments,
  closedDepartments,
}: Places & { readonly closedDepartments: readonly string[] }): readonly (readonly string[])[] {
  const open = groupsOf(departments, openDepartments)
  const closed = groupsOf(departments, closedDepartments)
  return [...closed].filter(([name]) => !open.has(name)).map(([, ids]) => ids)
}

function groupsOf(departments: Places['departments'], ids: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const id of ids) {
    const group = departments.get(id)?.chartsharinggroupid
    // Without a group a department keeps charts of its own.
    const name = typeof group === 'string' || typeof group === 'number' ? `group ${group}` : `department ${id}`
    groups.set(name, [...(groups.get(name) ?? []), id])
  }
  return groups
}
