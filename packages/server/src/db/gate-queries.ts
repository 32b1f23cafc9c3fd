import { reviewedFunctions, tablesAcrossPractices } from './control-tables.ts'

/**
 * Questions to the catalog whose right answer is "no rows": each row is a way for one practice to see another, or for
 * the runtime to have more rights than it may. Run as the owner by the gate test, on an empty
 * database with every migration applied.
 */
export const gateQueries = {
  /** $1: tables that hold a practice id but span practices by design. */
  unprotectedTables: `
    select format('%s lacks forced row-level security: call aegis.protect(), or list it in control-tables.ts', c.oid::regclass) as breach
    from pg_class c
    where c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
      and c.oid::regclass::text <> all ($1::text[])
      and (c.relnamespace = 'aegis'::regnamespace
        or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'practice_id' and not a.attisdropped))
    union all
    select format('policy %s on %s is not the one of aegis.protect()', p.polname, p.polrelid::regclass)
    from pg_policy p join pg_class c on c.oid = p.polrelid
    where c.relnamespace <> 'audit'::regnamespace -- the log has rules of its own
      and (p.polname <> 'practice' or not p.polpermissive or p.polcmd <> '*'
        or pg_get_expr(p.polqual, p.polrelid) <> '(practice_id = aegis.practice())'
        or pg_get_expr(p.polwithcheck, p.polrelid) <> '(practice_id = aegis.practice())')
    union all
    select format('%s has row-level security but no policy', c.oid::regclass)
    from pg_class c
    where c.relrowsecurity and not exists (select from pg_policy p where p.polrelid = c.oid)`,

  /** No parameters. */
  powerfulRoles: `
    select format('role %s is superuser or may bypass security, create roles, create databases or replicate', rolname) as breach
    from pg_roles
    where rolname in ('aegis_app', 'aegis_control', 'aegis_audit')
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
    union all
    select format('%s belongs to a runtime role', c.oid::regclass)
    from pg_class c where c.relowner in (select oid from pg_roles where rolname in ('aegis_app', 'aegis_control', 'aegis_audit'))
    union all
    select format('role %s is a member of %s', m.member::regrole, m.roleid::regrole)
    from pg_auth_members m
    where m.member in (select oid from pg_roles where rolname in ('aegis_app', 'aegis_control', 'aegis_audit'))
    union all
    select format('role %s may create objects in schema %s', r.rolname, n.nspname)
    from pg_namespace n, pg_roles r
    where r.rolname in ('aegis_app', 'aegis_control', 'aegis_audit') and n.nspname !~ '^pg_(toast|temp)'
      and has_schema_privilege(r.oid, n.oid, 'create')`,

  /** $1: as above. A unique index, primary or foreign key that does not begin with the practice tells one of another's rows. */
  crossPracticeKeys: `
    select format('unique index %s does not begin with practice_id', i.indexrelid::regclass) as breach
    from pg_index i
    join pg_class c on c.oid = i.indrelid
    join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'practice_id' and not a.attisdropped
    where i.indisunique and i.indkey[0] <> a.attnum and c.oid::regclass::text <> all ($1::text[])
    union all
    select format('foreign key %s of %s does not pair practice_id with practice_id', k.conname, k.conrelid::regclass)
    from pg_constraint k
    join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'practice_id' and not a.attisdropped
    left join pg_attribute f on f.attrelid = k.confrelid and f.attname = 'practice_id' and not f.attisdropped
    where k.contype = 'f' and k.conrelid::regclass::text <> all ($1::text[])
      and (k.conkey[1] <> a.attnum or k.confkey[1] is distinct from f.attnum)`,

  /** No parameters. A view of the owner's sees every practice unless it asks with the rights of who reads it. */
  powerfulViews: `
    select format('view %s is not security_invoker', c.oid::regclass) as breach
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'v' and n.nspname not in ('pg_catalog', 'information_schema')
      and not coalesce(c.reloptions::text[] @> '{security_invoker=true}', false)
    union all
    select format('materialized view %s cannot have row-level security', c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and n.nspname not in ('pg_catalog', 'information_schema')`,

  /** $1: the reviewed list. */
  powerfulFunctions: `
    select format('%s runs with its owner''s rights and %s may call it', p.oid::regprocedure, r.rolname) as breach
    from pg_proc p, pg_roles r
    where p.prosecdef and r.rolname in ('aegis_app', 'aegis_control', 'aegis_audit')
      and has_function_privilege(r.oid, p.oid, 'execute')
      and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      and p.oid::regprocedure::text <> all ($1::text[])
    union all
    select format('%s is callable by everybody', p.oid::regprocedure)
    from pg_proc p
    where p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      and has_function_privilege('public', p.oid, 'execute')`,

  /** No parameters. Each role keeps to its own schemas; the clock is everybody's, and everybody may add to the audit log. */
  crossedRights: `
    select format('role %s has rights on %s', r.rolname, c.oid::regclass) as breach
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join (values ('aegis_app', array['aegis', 'mirror']), ('aegis_control', array['control', 'pgboss']),
      ('aegis_audit', array['audit']))
      as own (role, schemas) on n.nspname <> all (own.schemas)
    join pg_roles r on r.rolname = own.role
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
      and c.oid::regclass::text <> 'control.clock'
      and has_table_privilege(r.oid, c.oid, case n.nspname when 'audit' then 'select, update, delete'
        else 'select, insert, update, delete' end)
    union all
    select format('role %s may truncate, reference or put a trigger on %s', r.rolname, c.oid::regclass)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_roles r on r.rolname in ('aegis_app', 'aegis_control', 'aegis_audit')
    where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
      and has_table_privilege(r.oid, c.oid, 'truncate, references, trigger')
    union all
    select format('the audit role may change %s', c.oid::regclass)
    from pg_class c
    where c.relkind in ('r', 'p') and c.relnamespace = 'audit'::regnamespace
      and has_table_privilege('aegis_audit', c.oid, 'update, delete')`,
} as const

export type Gate = keyof typeof gateQueries

/** The parameters of a gate's query: the lists of control-tables.ts. */
export function gateValues(gate: Gate): string[] {
  switch (gate) {
    case 'unprotectedTables':
    case 'crossPracticeKeys':
      return [arrayOf(tablesAcrossPractices)]
    case 'powerfulFunctions':
      return [arrayOf(reviewedFunctions)]
    default:
      return []
  }
}

function arrayOf(values: readonly string[]): string {
  return `{${values.map((value) => `"${value}"`).join(',')}}`
}
