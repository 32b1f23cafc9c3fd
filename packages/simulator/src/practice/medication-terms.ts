/**
 * The medications that charts are made of: ids of our own under common names, with public RxNorm numbers of their
 * ingredients. The few ids that are in public recordings stand here under the names they have there.
 */
export interface Medication {
  /** athenahealth's `medicationid`. */
  readonly id: number
  readonly name: string
  /** RxNorm concept of the ingredient; 0 where we give none. */
  readonly rxnorm: number
  readonly therapeuticClass: string
  readonly route: string
  /** How it is taken, as a patient reads it. */
  readonly sig: string
  /** SNOMED codes of the conditions it is given for. */
  readonly treats: readonly number[]
}

type Row = readonly [id: number, name: string, rxnorm: number, group: string, sig: string, ...treats: number[]]

const once = 'Take 1 tablet every day.'
const twice = 'Take 1 tablet twice a day.'
const needed = 'Take 1 tablet as needed.'

const rows: readonly Row[] = [
  [240101, 'lisinopril 10 mg tablet', 29046, 'ACE inhibitors', once, 38341003, 709044004],
  [240102, 'amlodipine 5 mg tablet', 17767, 'Calcium channel blockers', once, 38341003],
  [240103, 'losartan 50 mg tablet', 52175, 'Angiotensin receptor blockers', once, 38341003],
  [240104, 'hydrochlorothiazide 25 mg tablet', 5487, 'Diuretics', once, 38341003],
  [240105, 'atorvastatin 20 mg tablet', 83367, 'Statins', once, 55822004],
  [240106, 'simvastatin 20 mg tablet', 36567, 'Statins', once, 55822004],
  [240107, 'metformin 500 mg tablet', 6809, 'Biguanides', twice, 44054006],
  [240108, 'levothyroxine 50 mcg tablet', 10582, 'Thyroid hormones', once, 40930008],
  [240109, 'omeprazole 20 mg capsule', 7646, 'Proton pump inhibitors', once, 235595009],
  [240110, 'albuterol 90 mcg inhaler', 435, 'Bronchodilators', 'Inhale 2 puffs as needed.', 195967001, 13645005],
  [240111, 'fluticasone 50 mcg nasal spray', 41126, 'Nasal steroids', 'Spray 1 in each nostril a day.', 61582004],
  [240112, 'cetirizine 10 mg tablet', 20610, 'Antihistamines', once, 61582004, 24079001],
  [240113, 'sertraline 50 mg tablet', 36437, 'Antidepressants', once, 35489007, 48694002],
  [240114, 'gabapentin 300 mg capsule', 25480, 'Anticonvulsants', twice, 37796009],
  [240115, 'metoprolol 25 mg tablet', 6918, 'Beta blockers', twice, 49436004, 38341003],
  [240116, 'warfarin 5 mg tablet', 11289, 'Anticoagulants', once, 49436004],
  [240117, 'prednisone 10 mg tablet', 8640, 'Corticosteroids', once, 13645005],
  [240118, 'amoxicillin 500 mg capsule', 723, 'Penicillins', 'Take 1 capsule three times a day.'],
  [240119, 'azithromycin 250 mg tablet', 18631, 'Macrolides', once],
  [240120, 'acetaminophen 500 mg tablet', 161, 'Analgesics', needed, 396275006],
  [240121, 'aspirin 81 mg tablet', 1191, 'Salicylates', once],
  [299644, 'ibuprofen', 5640, 'Anti-inflammatories', needed, 396275006],
  [328474, 'ibuprofen (bulk)', 5640, 'Anti-inflammatories', needed],
  [362851, 'asparaginase (Erwinia chrysan)', 0, 'Enzymes', 'As directed.'],
]

export const medications: readonly Medication[] = rows.map(([id, name, rxnorm, therapeuticClass, sig, ...treats]) => {
  const route = name.includes('inhaler') ? 'inhalation' : name.includes('nasal') ? 'nasal' : 'oral'
  return { id, name, rxnorm, therapeuticClass, route, sig, treats }
})

const byId: ReadonlyMap<number, Medication> = new Map(medications.map((medication) => [medication.id, medication]))

export function medicationById(id: number): Medication | undefined {
  return byId.get(id)
}

/** What may be given as the reason to stop, as the practice offers it. */
export const stopReasons: readonly string[] = ['Adverse reaction', 'Course completed', 'Cost', 'Not effective']
