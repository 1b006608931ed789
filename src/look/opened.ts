/**
 * Both sides as they were opened: what every call reads, one call after the other.
 *
 * Calls come in; out go what `rows.ts` tells of single rows, `lists.ts` of lists, and `tables.ts` of all tables. Nothing is written. The
 * room imports from any up to `run/`, and of that the journals alone.
 */
import type { SharedCatalog } from '../catalog/shared.ts'
import type { DiffStep } from '../diff/diff.ts'
import { type Call, Calls } from '../open/calls.ts'
import type { OpenOptions, OpenPair } from '../open/connect.ts'
import { backupOf } from '../open/side.ts'
import { type OpenedSides, streamSides, withSides } from '../open/with-sides.ts'
import { measured, type OnStage } from '../progress/progress.ts'
import type { Sides } from '../rows/sides.ts'
import { journalFolder } from '../run/journal/journal.ts'
import type { JournalHead } from '../run/journal/journal-head.ts'
import { readRestored, readRuns } from '../run/journal/runs.ts'

export class Opened {
  readonly pair: OpenPair
  readonly options: OpenOptions
  readonly catalog: SharedCatalog
  /** Of the journals. */
  readonly folder: string
  readonly calls: Calls

  constructor(pair: OpenPair, options: OpenOptions) {
    this.pair = pair
    this.options = options
    this.catalog = pair.catalog
    this.folder = journalFolder(options.journal, options.env ?? process.env)
    this.calls = new Calls(pair, options)
  }

  /** Tells the listener of the call under way how far a comparison is. */
  readonly onDiff = (step: DiffStep): void => this.calls.onProgress({ kind: 'diff', ...step })

  /** The same where it is what is missing that is looked for. */
  readonly onMissing = (step: DiffStep): void => this.onDiff({ ...step, stage: 'missing' })

  /** Tells the same listener how far one piece of reading is, measured from now on. */
  get onStage(): OnStage {
    return measured((step) => this.calls.onProgress({ kind: 'plan', ...step }))
  }

  /** One call that reads a snapshot of each side. */
  read<T>(call: Call, work: (sides: Sides) => Promise<T>): Promise<T> {
    return this.calls.run(call, () => this.withSides(work))
  }

  /** The same for a call that yields. */
  async *stream<T>(call: Call, start: (sides: Sides) => AsyncGenerator<T>): AsyncGenerator<T> {
    const open = () => this.#sides()
    yield* this.calls.stream(call, async function* () {
      yield* streamSides(await open(), start)
    })
  }

  /** A snapshot of each side, inside a call. Throws where no backup was given. */
  async withSides<T>(work: (sides: Sides) => Promise<T>): Promise<T> {
    return withSides(await this.#sides(), work)
  }

  /** The journals of every run on this live, newest first. */
  readRuns(depth: 'whole' | 'heads' = 'whole'): Promise<readonly JournalHead[]> {
    return readRuns(this.folder, this.pair.live.identity, depth)
  }

  async #sides(): Promise<OpenedSides> {
    const backup = backupOf(this.pair).session
    const restored = await readRestored(await this.readRuns('heads'))
    const { onStage } = this
    return { live: this.pair.live.session, backup, catalog: this.catalog, restored, onStage }
  }
}
