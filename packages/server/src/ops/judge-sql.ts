/**
 * What an operator's SELECT may consist of. Row-level security confines it to its practice, but the practice is a setting
 * of the session, and PostgreSQL has functions that change settings or run text as SQL. So functions are allowed by name,
 * everything that could hide a name is refused, and so are other schemas and the catalogue.
 */

/** Why a statement is not run, in words that name a part of it that is ours or PostgreSQL's; undefined: it may run. */
export function judgeSql(text: string): string | undefined {
  const parts: string[] = []
  part.lastIndex = 0
  while (part.lastIndex < text.length) {
    const at = part.lastIndex
    const found = part.exec(text)?.groups
    if (!found) return unreadable(text, at)
    if (found.word !== undefined) parts.push(found.word.toLowerCase())
    else if (found.other !== undefined) parts.push(found.other.startsWith("'") ? "''" : found.other)
  }
  if (!/^(select|with|values|table)$/.test(parts[0] ?? '')) return 'only SELECT'
  return judgeBrackets(parts) ?? judgeNames(parts)
}

/** PostgreSQL's own division of a text, as far as it is understood here. A prefix (`e''`, `u&""`) changes what follows it. */
const part =
  /[ \t\n\r\f]+|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<other>(?<!&)"[a-z_][a-z0-9_]*"|(?<![\w&])'(?:[^'\\]|'')*'|[0-9]+|-(?!-)|\/(?!\*)|[+*<>=~!@#%^&|?.,()[\]:])/y

function unreadable(text: string, at: number): string {
  if (text[at] === '"') return 'quoted names may hold small letters, digits and underscores'
  if (text[at] !== "'")
    return 'comments, semicolons, dollar quotes, escapes and letters beyond ASCII are not understood here'
  if (/[\w&]/.test(text[at - 1] ?? '')) return 'write strings in plain quotes'
  return 'a quote is not closed, or holds a backslash'
}

/** The statement is put between brackets, and has to stay there. */
function judgeBrackets(parts: readonly string[]): string | undefined {
  let open = 0
  for (const one of parts) {
    if (one === '(') open++
    if (one === ')' && --open < 0) break
  }
  return open === 0 ? undefined : 'its brackets do not match'
}

function judgeNames(parts: readonly string[]): string | undefined {
  for (const [at, one] of parts.entries()) {
    const name = one.replaceAll('"', '')
    if (/^pg_|^reg(class|collation|config|dictionary|namespace|oper|operator|proc|procedure|role|type)$/.test(name))
      return `"${name.startsWith('pg_') ? 'pg_…' : name}" is not part of the mirror`
    if (parts[at + 1] === '.' && otherSchemas.has(name)) return `"${name}" is not part of the mirror`
    if (parts[at + 1] !== '(' || !/^"?[a-z_]/.test(one)) continue
    const isKnown = parts[at - 1] !== '.' && (functions.has(name) || words.has(one))
    if (!isKnown && !isDeclared(parts, at)) return `the function "${name.slice(0, 40)}" is not allowed`
  }
  return undefined
}

/**
 * Whether a name before a bracket is given here: what stands behind `as` or `with` is never called. Where a query is declared
 * it may be used as a function elsewhere, so this is asked of the place, not of the name.
 */
function isDeclared(parts: readonly string[], at: number): boolean {
  const [before = '', beforeThat = ''] = [parts[at - 1], parts[at - 2]]
  if (beforeThat === '.') return false
  if (before === 'as' || before === 'with') return true
  if (before === 'recursive' && beforeThat === 'with') return true
  return before === ',' && furtherQuery.test(parts.slice(at).join(' '))
}

/** A further query of a WITH. A function in FROM may have names in brackets behind it, but none that is one of these words. */
const furtherQuery =
  /^\S+ \( "?[a-z_]\w*"?( , "?[a-z_]\w*"?)* \) as ((not )?materialized )?\( (select|with|table|values \() /

const otherSchemas = list('aegis control audit pgboss information_schema')
const words =
  list(`and or not in exists any all some as on using over filter within from join lateral where having then else when
  case by group union intersect except select with values distinct between is like ilike cast row array materialized sets rollup
  cube both leading trailing`)
const functions =
  list(`count sum avg min max every bool_and bool_or stddev stddev_pop stddev_samp variance var_pop var_samp corr
  array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg percentile_cont percentile_disc mode
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
  coalesce nullif greatest least abs ceil ceiling floor round trunc mod power sqrt sign width_bucket
  lower upper length char_length left right lpad rpad trim btrim ltrim rtrim substr substring position replace split_part
  concat concat_ws starts_with strpos reverse repeat
  date_trunc date_part date_bin extract age make_date make_interval make_timestamptz to_char to_date to_timestamp timezone now
  array_length cardinality unnest generate_series array_to_string string_to_array
  json_build_object jsonb_build_object jsonb_array_length json_array_length to_json to_jsonb
  numeric decimal varchar char character timestamp timestamptz time interval`)

function list(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/))
}
