/** The custom fields of a practice's patients. Every simulated practice has the same. */

export interface CustomField {
  readonly id: string
  readonly name: string
  readonly type: 'TEXT' | 'NUMERIC' | 'DATE'
  /** Patients can be found by its value. */
  readonly searchable: boolean
  /** Only the practice's own staff may change it. */
  readonly disallowUpdate?: boolean
  /** About privacy: shown with a patient only when asked for. */
  readonly privacy?: boolean
  /** Longest value in characters. */
  readonly length?: number
  readonly options: readonly { readonly id: string; readonly value: string }[]
}

export const customFields: readonly CustomField[] = [
  { id: '1', name: 'Legacy Patient ID', type: 'TEXT', searchable: true, options: [] },
  {
    id: '22',
    name: 'Preferred Pharmacy Visit',
    type: 'TEXT',
    searchable: true,
    options: [
      { id: '1', value: 'Pick up' },
      { id: '2', value: 'Delivery' },
    ],
  },
  { id: '23', name: 'Locker', type: 'NUMERIC', searchable: false, length: 10, options: [] },
  { id: '24', name: 'Orientation Date', type: 'DATE', searchable: false, options: [] },
  { id: '25', name: 'Risk Tier', type: 'TEXT', searchable: false, disallowUpdate: true, options: [] },
  { id: '26', name: 'Privacy Remark', type: 'TEXT', searchable: false, privacy: true, options: [] },
]

/** A field as `GET /customfields` lists it (recorded; `selectlist` for fields with options). */
export function customFieldRecord(field: CustomField): Record<string, unknown> {
  const { id, name, type, searchable, length, options } = field
  return {
    customfieldid: id,
    name,
    type,
    searchable,
    casesensitive: false,
    disallowupdate: field.disallowUpdate === true,
    select: options.length > 0,
    ...(length !== undefined && { length: String(length) }),
    ...(options.length > 0 && {
      selectlist: options.map((option) => ({ optionid: option.id, optionvalue: option.value })),
    }),
  }
}
