import { type Command, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command-context.ts'
import { configFlag, homeFlag, practiceId } from '../flags.ts'
import { connectToInstance, type InstanceOptions } from '../instance-client.ts'
import { CALLED_WRONGLY } from '../report-error.ts'
import { sqlCsv, sqlTable } from '../sql-table.ts'

interface SqlOptions extends InstanceOptions {
  readonly practice: number
  readonly unseal?: true
  readonly reason?: string
  readonly json?: true
  readonly csv?: true
}

const EXAMPLES = `
Views (schema mirror): department, provider, appointment_type, patient, appointment, open_slot, change, alias;
reconciliation and difference, which say what each check of the mirror against athenahealth compared and found; and of the
kinds that sync.feeds names: referring_provider, claim, patient_case, lab_result, imaging_result, prescription, problem,
medication, allergy.
Patients are pseudonyms. What identifies people is sealed and shown as [sealed]; --unseal opens it for a stated
reason, and who asked, why and which patients were read is recorded in the audit log before the answer comes.
Two statements run at a time, each for 30 s at most; a third one is told to try again.

Examples:
  aegis sql --practice 195900 "select status, count(*) from mirror.appointment group by status"
  aegis sql --practice 195900 --csv "select * from mirror.change order by change_id desc limit 100" > changes.csv
  aegis sql --practice 195900 --unseal --reason "patient on the telephone" "select * from mirror.patient limit 1"`

/** `aegis sql`: one read-only statement over the mirror of one practice. */
export function addSql(program: Command, { terminal, action }: CommandContext): void {
  program
    .command('sql')
    .description("Query a practice's mirror with one read-only statement.")
    .argument('<statement>', 'the statement, as one argument')
    .requiredOption('--practice <id>', 'the practice whose records are read', practiceId)
    .option('--unseal', 'open sealed values; needs --reason, and is audited')
    .option('--reason <text>', 'why sealed values are opened')
    .addOption(new Option('--json', 'one JSON object: columns, rows, truncated').conflicts('csv'))
    .option('--csv', 'comma-separated values')
    .addOption(homeFlag())
    .addOption(configFlag())
    .addHelpText('after', EXAMPLES)
    .action(
      action(async (text: string, options: SqlOptions) => {
        const unseal = unsealOf(options, terminal.userName)
        const instance = connectToInstance(terminal, options)
        const request = { practice: options.practice, text, ...(unseal && { unseal }) }
        const result = await instance.ask('POST /aegis/v1/sql', request)
        if (options.json) terminal.out.write(`${JSON.stringify(result)}\n`)
        else terminal.out.write(options.csv ? sqlCsv(result) : sqlTable(result))
        if (result.truncated && (options.json || options.csv))
          terminal.err.write('There are more rows: narrow the query.\n')
        return 0
      }),
    )
}

function unsealOf({ unseal, reason }: SqlOptions, actor: string): { reason: string; actor: string } | undefined {
  if (!unseal && reason === undefined) return undefined
  if (unseal && reason?.trim()) return { reason, actor }
  const message = unseal
    ? 'Sealed values are opened for a stated reason only'
    : 'A reason is given and nothing is to be opened'
  const remedy = unseal ? 'add --reason "…"; it is recorded in the audit log.' : 'add --unseal, or leave out --reason.'
  throw new CliError(message, { remedy, exitCode: CALLED_WRONGLY })
}
