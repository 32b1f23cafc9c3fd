/** West and east of Greenwich, with and without another time in summer. Nothing of a life may depend on them. */
const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'] as const

/** A zone that follows from the seed. */
export function zoneOf(seed: number): string {
  return zones[seed % zones.length] ?? 'UTC'
}

/** Lets the machine stand in a zone; what is returned puts it back where it was. */
export function standIn(zone: string): () => void {
  const before = process.env['TZ']
  process.env['TZ'] = zone
  return () => {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  }
}
