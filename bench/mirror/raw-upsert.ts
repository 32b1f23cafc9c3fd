import type pg from 'pg'

/** What PostgreSQL alone can do with the same records: rows a second, and its time. */
export interface RawUpsert {
  readonly rows: number
  readonly ms: number
}

const batchRows = 500

/**
 * The baseline: the simulator's records as they are on the wire, upserted as jsonb in batches of 500, one transaction each,
 * durable. Reading them from the simulator is not counted; making the statement's JSON of them is.
 */
export class RawTable {
  readonly #owner: pg.Pool
  readonly #simulatorUrl: string

  constructor(owner: pg.Pool, simulatorUrl: string) {
    this.#owner = owner
    this.#simulatorUrl = simulatorUrl
  }

  async create(): Promise<void> {
    await this.#owner.query(
      `drop table if exists public.raw_record;
       create table public.raw_record (practice_id integer, kind text, key text, body jsonb, primary key (practice_id, kind, key))`,
    )
  }

  async drop(): Promise<void> {
    await this.#owner.query('drop table public.raw_record')
  }

  /** Upserts the first `most` records of a kind of a practice. */
  async upsert({ practice, kind, most }: { practice: number; kind: string; most: number }): Promise<RawUpsert> {
    const idField = kind === 'patients' ? 'patientid' : 'appointmentid'
    let [rows, ms] = [0, 0]
    for await (const batch of this.#batches(practice, kind)) {
      if (rows >= most) break
      const taken = batch.slice(0, most - rows)
      const startedAt = performance.now()
      const body = JSON.stringify(taken.map((record) => ({ key: String(record[idField]), body: record })))
      await this.#owner.query({ name: 'raw-upsert', text: upsertSql, values: [practice, kind, body] })
      ms += performance.now() - startedAt
      rows += taken.length
    }
    return { rows, ms }
  }

  async *#batches(practice: number, kind: string): AsyncIterable<Record<string, unknown>[]> {
    const response = await fetch(`${this.#simulatorUrl}/__sim/state/${practice}/${kind}?format=ndjson`)
    if (!response.body) throw new Error(`no ${kind}: ${response.status}`)
    let [rest, batch]: [string, Record<string, unknown>[]] = ['', []]
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        batch.push(JSON.parse(line) as Record<string, unknown>) // one JSON object a line
        if (batch.length < batchRows) continue
        yield batch
        batch = []
      }
    }
    if (batch.length > 0) yield batch
  }
}

const upsertSql = `insert into public.raw_record (practice_id, kind, key, body)
  select $1, $2, r.key, r.body from jsonb_to_recordset($3::jsonb) as r(key text, body jsonb)
  on conflict (practice_id, kind, key) do update set body = excluded.body`
