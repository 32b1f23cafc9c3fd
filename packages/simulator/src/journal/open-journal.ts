import type { SimulatorSettings } from '../server/options.ts'
import { JournalError } from './journal-error.ts'
import { JournalFile } from './journal-file.ts'

/** The options that make a world what it is: with others the same history leads elsewhere. */
type WorldOptions = Pick<SimulatorSettings, 'seed' | 'practices' | 'day' | 'activationLagMs'>

/** The options of a world as its journal keeps them. */
export function worldOptions({ seed, practices, day, activationLagMs }: SimulatorSettings): WorldOptions {
  return { seed, practices, day: day === true ? {} : day, activationLagMs }
}

/** Opens the journal of a world with these settings, or a new one. Throws JournalError when it is of another world. */
export function openJournal(path: string, settings: SimulatorSettings): JournalFile {
  const file = JournalFile.open(path)
  try {
    const origin = file.origin()
    if (origin === undefined) return file
    const differences = differenceOf(JSON.parse(origin.options), worldOptions(settings))
    if (differences === '') return file
    const is = `belongs to a world with other options (${differences})`
    throw new JournalError('other-world', path, { is, remedy: 'give the same ones, delete it, or name another file' })
  } catch (error) {
    file.close()
    throw error
  }
}

function differenceOf(saved: Readonly<Record<string, unknown>>, wanted: WorldOptions): string {
  const texts = Object.entries(wanted).flatMap(([name, value]) => {
    const [was, is] = [JSON.stringify(saved[name]), JSON.stringify(value)]
    return was === is ? [] : [`${name}: ${was} there, ${is} given`]
  })
  return texts.join('; ')
}
