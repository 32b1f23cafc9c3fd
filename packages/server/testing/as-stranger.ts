import { execFile } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { promisify } from 'node:util'

/** Which function of a module is called, with what. */
interface Call {
  readonly module: URL
  readonly name: string
  /** As JSON has them. */
  readonly args: readonly unknown[]
}

/** What a call gives to a user that may not enter `folder`: in a process of its own and, under root, as an account that owns nothing. */
export async function asStranger<T>(folder: string, { module, name, args }: Call): Promise<T> {
  const program = `const { ${name} } = await import(${JSON.stringify(module.href)})
    if (process.getuid?.() === 0) process.setuid(65534)
    console.log(JSON.stringify(await ${name}(...${JSON.stringify(args)})))`
  chmodSync(folder, 0)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=aegis-source',
      '--input-type=module',
      '-e',
      program,
    ])
    return JSON.parse(stdout)
  } finally {
    chmodSync(folder, 0o700)
  }
}
