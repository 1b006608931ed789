/**
 * How far work is: each stage tells what it has done, and here it is measured how long that took and how fast it goes.
 *
 * In comes what a stage says of itself, once per batch; out goes the same with a rate and a time, for whoever shows it.
 */

/** What is being done; where several tables are gone through, to one of them. */
export type Stage =
  // A file becomes a database.
  | 'reading'
  | 'loading'
  | 'analyzing'
  // Both sides are compared.
  | 'compare'
  | 'missing'
  | 'overwritten'
  // A plan is made.
  | 'select'
  | 'states'
  | 'follow'
  | 'parents'
  | 'transform'
  | 'probe'
  | 'twins'
  | 'build'
  | 'guard'
  | 'measure'
  | 'facts'
  | 'files'
  | 'split'
  | 'written'
  | RunPhase

/** Stages of a run. */
export type RunPhase =
  | 'stage'
  | 'digest'
  | 'lock'
  | 'allocate'
  | 'images'
  | 'insert'
  | 'update'
  | 'delete'
  | 'constraints'
  | 'verify'
  | 'journal'
  | 'commit'

/** What a stage says of itself; all but its name may be left out. */
export interface Reached {
  readonly stage: Stage
  /** Id of the table; null, or left out, where it is about none, or all. */
  readonly table?: string | null
  /** The table that rows are followed to. */
  readonly to?: string | null
  /** Rows so far, or what `unit` says. Default: 0. */
  readonly done?: number
  /** As many as it will be, where that is known; of `compare` and `missing` an estimate. */
  readonly total?: number | null
  /** Default: rows. */
  readonly unit?: 'rows' | 'bytes' | 'tables' | 'percent'
}

/** How far a stage is. */
export interface StageProgress {
  readonly stage: Stage
  readonly table: string | null
  readonly to: string | null
  readonly unit: 'rows' | 'bytes' | 'tables' | 'percent'
  readonly done: number
  readonly total: number | null
  /** Per second; 0 before anything is done. */
  readonly rate: number
  /** Milliseconds that the stage has been at work on the table. */
  readonly elapsed: number
}

/** Told by a stage how far it is: before a batch or a statement, and once more when the last one is done. */
export type OnStage = (at: Reached) => void

/** Measures what stages say. One that comes back to a table with more done goes on; one that begins anew is measured anew. */
export const measured = (tell: (progress: StageProgress) => void): OnStage => {
  const known = new Map<string, { done: number; spent: number }>()
  let current = { done: 0, spent: 0 }
  let last = performance.now()
  return ({ stage, table = null, to = null, done = 0, total = null, unit = 'rows' }) => {
    const now = performance.now()
    current.spent += now - last
    last = now
    const name = `${stage}\0${table ?? ''}`
    const before = known.get(name)
    current = before === undefined || done < before.done ? { done, spent: 0 } : before
    current.done = done
    known.set(name, current)
    const elapsed = current.spent
    const rate = done === 0 ? 0 : Math.round((done * 1_000) / Math.max(1, elapsed))
    tell({ stage, table, to, unit, done, total, rate, elapsed })
  }
}

/** Hands on batches of keys, and says of each how many came before it. */
export function* tellBatches<T>(
  onStage: OnStage,
  at: Omit<Reached, 'done'>,
  batches: Iterable<readonly T[]>,
): Generator<readonly T[]> {
  let done = 0
  for (const batch of batches) {
    onStage({ ...at, done })
    yield batch
    done += batch.length
  }
  if (done > 0) onStage({ ...at, done })
}
