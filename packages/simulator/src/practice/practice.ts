/** One simulated practice: its records and the changes they go through. */

/** A change in the practice as the changed-data feeds see it. */
export interface PracticeEvent {
  readonly feed: 'appointments' | 'patients' | 'providers'
  /** athenahealth's event name, e.g. `ScheduleAppointment`. */
  readonly name: string
  /** Id of the record within its feed. */
  readonly id: string
  readonly departmentId: string | undefined
  /** Virtual time, epoch ms. */
  readonly at: number
}

export interface Practice {
  readonly id: number
  /** Called for every change, in order, inside the mutation that made it. */
  onEvent(listener: (event: PracticeEvent) => void): void
  /**
   * The record as athenahealth shows it now in a feed or a GET by id (wire shape, typed era), or undefined when no such
   * id ever existed. Cancelled appointments, deleted and merged patients still have a shape.
   */
  wireRecord(
    feed: PracticeEvent['feed'] | 'departments' | 'appointmenttypes',
    id: string,
  ): Record<string, unknown> | undefined
  /** Ids of every record of a kind, in no particular order. */
  ids(kind: PracticeEvent['feed'] | 'departments' | 'appointmenttypes'): Iterable<string>
}
