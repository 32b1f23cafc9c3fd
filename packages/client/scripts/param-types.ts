import type { CatalogueParam, ParamType } from '../src/catalogue/catalogue-entry.ts'
import { type Fact, type FactParam, pathUnderPractice } from './facts.ts'

/** Fields that carry JSON text: objects, and lists of them. */
const JSON_FIELDS = new Set(
  (
    'allergies analytes answers bloodpressure cervixexam charges claimcharges claimpayment confirmations consents ' +
    'customfields data devicestate discussions entry fetalheartrate fetalmovement fetusdata fundinginfo fundus ' +
    'healthhistoryform hpi inventory inventoryitems itemlist metaquestions patientriskcontracts physicalexam ' +
    'presentation problems procedures providerdata questions relatives response reviewofsystems servicetypeaddons ' +
    'templatedata visitcharges vitals weight wellchildros'
  ).split(' '),
)

/** Fields that carry a file. */
const FILE_FIELDS = new Set(['attachmentcontents', 'image'])

/** Numbers that are names of things: text keeps their leading zeros. */
const CODES = /(ids?|codes?|npi|npinumber|ssn|zip|cvx|expirationmonthmm)$/i

/** Dates without a time. Of the others the API wants more than a day, or their form is not known. */
const DATES = /(date|dob)$|^(createdenddate|createdstartdate|createfromdaterange(start|end)|date(created|of[a-z]+))$/

/**
 * An endpoint's parameters, those of its path first. A write's all travel in its form, whatever old documents say: forms
 * are what recorded writes use, and a URL is no place for what is known of a patient.
 */
export function settleParams(fact: Fact, isPaged: boolean): readonly CatalogueParam[] {
  const braces = [...pathUnderPractice(fact).matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const inPath = braces.map((name): CatalogueParam => {
    const type = CODES.test(name) ? 'id' : 'text'
    return { name, place: 'path', type, array: false, required: true, values: undefined }
  })
  const others = fact.params.filter(({ name }) => !braces.includes(name))
  const place = fact.method === 'POST' || fact.method === 'PUT' ? 'form' : 'query'
  const sent = others.map((param) => ({ ...settleParam(param), place }) as const)
  const paging = isPaged ? ['limit', 'offset'].filter((name) => !others.some((param) => param.name === name)) : []
  return [
    ...inPath,
    ...sent,
    ...paging.map(
      (name) => ({ name, place, type: 'integer', array: false, required: false, values: undefined }) as const,
    ),
  ]
}

function settleParam(param: FactParam): Omit<CatalogueParam, 'place'> {
  const type = typeOf(param)
  const values = type === 'text' && (param.enum?.length ?? 0) > 1 ? param.enum : undefined
  return {
    name: param.name,
    type,
    array: param.type === 'array' && type !== 'json',
    required: param.required && param.legacy_only !== true,
    values,
  }
}

function typeOf(param: FactParam): ParamType {
  const { name, type } = param
  if (FILE_FIELDS.has(name)) return 'file'
  if (type === 'boolean' || isBooleanEnum(param.enum)) return 'boolean'
  if (type === 'integer' || type === 'number') return CODES.test(name) ? 'id' : type
  if (JSON_FIELDS.has(name)) return 'json'
  if (/ids?$/i.test(name)) return 'id'
  return type === 'string' && DATES.test(name) ? 'date' : 'text'
}

function isBooleanEnum(values: readonly string[] | undefined): boolean {
  return values?.length === 2 && values.includes('true') && values.includes('false')
}
