/** The insurance packages a practice works with. Invented insurers; every practice has the same. */

export interface InsurancePackage {
  readonly id: number
  /** As `insuranceplanname` shows it. */
  readonly name: string
  readonly displayName: string
  readonly type: string
  readonly productType: string
  /** Where claims are grouped for reports. */
  readonly ircId: number
  readonly ircName: string
  readonly address: string
  readonly city: string
  readonly state: string
  readonly zip: string
  readonly phone: string
  /** Share of the practice's insured patients, in percent. */
  readonly percent: number
}

/** Packages that are no insurance (recorded): the patient pays, at once or in parts. */
export const selfPayId = 0
const paymentPlanId = -500

type Row = readonly [id: number, displayName: string, type: string, productType: string, percent: number, place: string]

const rows: readonly Row[] = [
  [1000, 'Evergreen Mutual', 'Commercial', 'PPO', 26, 'PO BOX 981|EL PASO|TX|79998-0981'],
  [1001, 'Lakeshore Health', 'Commercial', 'HMO', 18, 'PO BOX 146|LEXINGTON|KY|40512-0146'],
  [1002, 'Summit Choice', 'Commercial', 'POS', 14, 'PO BOX 305|DENVER|CO|80201-0305'],
  [1003, 'Pioneer Care', 'Commercial', 'PPO', 12, 'PO BOX 77|OMAHA|NE|68103-0077'],
  [1004, 'Union Preferred', 'Commercial', 'EPO', 10, 'PO BOX 519|ALBANY|NY|12201-0519'],
  [1005, 'Senior Federal Part B', 'Medicare Part B', 'Indemnity', 14, 'PO BOX 120|RICHMOND|VA|23218-0120'],
  [1006, 'State Family Plan', 'Medicaid', 'Managed', 6, 'PO BOX 8|MADISON|WI|53701-0008'],
]

/** Every package a patient can be insured with, by falling share. */
export const insurancePackages: readonly InsurancePackage[] = rows.map(
  ([id, displayName, type, productType, percent, place], index) => {
    const [address = '', city = '', state = '', zip = ''] = place.split('|')
    const name = `${displayName.toUpperCase()} (${productType.toUpperCase()})`
    const phone = `(888) 555-01${String(60 + index).padStart(2, '0')}`
    const common = { id, name, displayName, type, productType, address, city, state, zip, phone, percent }
    return { ...common, ircId: 100 + index, ircName: displayName }
  },
)

/** What is listed among the packages without being one: name by id. */
export const pseudoPackages: ReadonlyMap<number, string> = new Map([
  [selfPayId, '*SELF PAY*'],
  [paymentPlanId, 'PAYMENT PLAN'],
])

export function insurancePackage(id: number): InsurancePackage | undefined {
  return insurancePackages.find((candidate) => candidate.id === id)
}
