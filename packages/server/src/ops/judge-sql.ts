/**
 * What an operator's SELECT may consist of. Row-level security confines it to its practice, but the practice is a setting
 * of the session, and PostgreSQL has functions that change settings or run text as SQL. So functions are allowed by name,
 * everything that could hide a name is refused, and so are other schemas and the catalogue.
 */

/** Why a statement is not run, in words that name a part of it that is ours or PostgreSQL's; undefined: it may run. */
export function judgeSql(text: string): string | undefined {
  if (/--|\/\*|;|\$|\\|\bu&/i.test(text))
    return 'comments, semicolons, dollar quotes and escapes are not understood here'
  const strings = [...text.matchAll(/(\w?)'(?:[^']|'')*'/g)]
  if (strings.some(([, before]) => before !== '')) return 'write strings in plain quotes'
  const bare = text.replaceAll(/'(?:[^']|'')*'/g, ' 0 ')
  if (bare.includes("'")) return 'a quote is not closed'
  const names = bare.replaceAll(/"([a-z_][a-z0-9_]*)"/g, ' $1 ')
  if (names.includes('"')) return 'quoted names may hold small letters, digits and underscores'
  if (!/^\s*(select|with|values|table)\b/i.test(names)) return 'only SELECT'
  return judgeNames(names.toLowerCase())
}

function judgeNames(text: string): string | undefined {
  const foreign = /\b(aegis|control|audit|pgboss|information_schema)\s*\./.exec(text) ?? /\bpg_\w*/.exec(text)
  if (foreign) return `"${foreign[1] ?? 'pg_…'}" is not part of the mirror`
  for (const [, name = ''] of text.matchAll(/([a-z_][a-z0-9_]*)\s*\(/g)) {
    if (!allowed.has(name) && !isQueryName(text, name)) return `the function "${name.slice(0, 40)}" is not allowed`
  }
  return undefined
}

/** `with name (columns) as (`, and the alias of a subquery with its columns: a name that the statement itself gives. */
function isQueryName(text: string, name: string): boolean {
  return new RegExp(
    `(\\bwith(\\s+recursive)?|,|\\bas)\\s+${name}\\s*\\([a-z0-9_,\\s]*\\)(\\s+as\\b|\\s*$|\\s+(where|join|on|group|order|limit|cross|left|inner)\\b)`,
  ).test(text)
}

const words = `and or not in exists any all some as on using over filter within from join lateral where having then else when
  case by union intersect except select with values distinct between is like ilike cast row array materialized sets rollup
  cube both leading trailing`
const functions = `count sum avg min max every bool_and bool_or stddev stddev_pop stddev_samp variance var_pop var_samp corr
  array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg percentile_cont percentile_disc mode
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
  coalesce nullif greatest least abs ceil ceiling floor round trunc mod power sqrt sign width_bucket
  lower upper length char_length left right lpad rpad trim btrim ltrim rtrim substr substring position replace split_part
  concat concat_ws starts_with strpos reverse repeat
  date_trunc date_part date_bin extract age make_date make_interval make_timestamptz to_char to_date to_timestamp timezone now
  array_length cardinality unnest generate_series array_to_string string_to_array
  json_build_object jsonb_build_object jsonb_array_length json_array_length to_json to_jsonb`
const types = 'numeric decimal varchar char character timestamp timestamptz time interval'
const allowed: ReadonlySet<string> = new Set([words, functions, types].flatMap((list) => list.split(/\s+/)))
