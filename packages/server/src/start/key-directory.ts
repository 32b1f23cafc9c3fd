import type { AegisConfig } from '../config/aegis-config.ts'
import type { Home } from '../ops/home.ts'

/** Where the key files are. */
export function keyDirectory({ config, home }: { config: Pick<AegisConfig, 'keys'>; home: Home }): string {
  return config.keys ?? home.keys
}
