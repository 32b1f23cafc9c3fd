/** The insurance packages a practice can bill: searched for, and the most used. */
import { stateOf } from '../practice/create-practice.ts'
import { insurancePackages, pseudoPackages, selfPayId, type InsurancePackage } from '../practice/insurance-packages.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { list, ok } from '../server/reply.ts'
import { departmentField, requireFields } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

const includes = (text: string, part: string | undefined): boolean =>
  part === undefined || text.toLowerCase().includes(part.toLowerCase())

const digits = (text: string): string => text.replaceAll(/\D/g, '')

function isMeant(plan: InsurancePackage, input: Input): boolean {
  const phone = input.text('insurancephone')
  return (
    includes(plan.name, input.text('insuranceplanname')) &&
    includes(plan.address, input.text('insuranceaddress')) &&
    includes(plan.city, input.text('insurancecity')) &&
    includes(plan.state, input.text('insurancestate')) &&
    includes(plan.zip, input.text('insurancezip')?.slice(0, 5)) &&
    (phone === undefined || digits(plan.phone) === digits(phone))
  )
}

/** By name and the rest; the member's id does not narrow the search here, and every plan covers every state (ours). */
function search(context: RouteContext): Answer {
  const { input } = context
  requireFields(input, ['insuranceplanname', 'memberid'])
  const insurances = insurancePackages
    .filter((plan) => isMeant(plan, input))
    .map((plan) => ({
      insurancepackageid: String(plan.id),
      insuranceplanname: plan.name,
      // That both are lists is recorded, what is in them is not.
      addresslist: [`${plan.address}, ${plan.city} ${plan.state} ${plan.zip}`],
      affiliations: [plan.ircName],
    }))
  return ok({ insurances, totalcount: insurances.length })
}

const selfPayPercent = 12.5

interface Ranked {
  readonly id: number
  readonly percent: number
  readonly fields: Record<string, unknown>
}

const place = (plan: InsurancePackage): Record<string, unknown> => ({
  name: plan.name,
  phone: plan.phone,
  address: plan.address,
  city: plan.city,
  state: plan.state,
  zip: plan.zip,
})

/** Every package by the share of patients who have it; who pays for themselves is among them (recorded). */
function ranked(): Ranked[] {
  const insured = 100 - selfPayPercent
  const plans = insurancePackages.map((plan) => ({
    id: plan.id,
    percent: (plan.percent * insured) / 100,
    fields: { ...place(plan), insuranceproducttypename: plan.productType },
  }))
  const selfPay = { id: selfPayId, percent: selfPayPercent, fields: { name: pseudoPackages.get(selfPayId) } }
  return [...plans, selfPay].sort((a, b) => b.percent - a.percent)
}

/** Numbers are text in both eras (recorded). The shares are those of the whole practice for every department (ours). */
function listTop(context: RouteContext): Answer {
  departmentField(stateOf(context.practice), context.input)
  const items = ranked().map((row, place) => ({
    ranking: String(place + 1),
    percentage: String(row.percent),
    insurancepackageid: String(row.id),
    ...row.fields,
  }))
  return list(context, { key: 'insurancepackages', items })
}

/** No package of a simulated practice is a case policy. */
function listCommon(context: RouteContext): Answer {
  const { input } = context
  requireFields(input, ['departmentid'])
  departmentField(stateOf(context.practice), input)
  const plans = input.flag('showonlycasepolicies') ? [] : insurancePackages
  const rows = plans.map((plan) => ({ insurancepackageid: String(plan.id), ...place(plan) }))
  return ok({ insurancepackages: rows, totalcount: rows.length })
}

export const insurancePackageRoutes: readonly Route[] = [
  { method: 'GET', path: '/insurancepackages', handle: search },
  { method: 'GET', path: '/misc/topinsurancepackages', handle: listTop },
  { method: 'GET', path: '/misc/commoninsurancepackages', handle: listCommon },
]
