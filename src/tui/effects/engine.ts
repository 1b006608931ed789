/**
 * Work for the engine, one thing at a time: it has one pair of connections. Counting gives way to whatever somebody waits for, and goes
 * on afterwards; everything can be given up, on the server too.
 *
 * In comes work with a ticket; out go results, as actions. The only folder of `tui/` that waits for anything; it imports `state/`.
 */
import { isRowgraftError } from '../../data.ts'
import { detailOf } from '../../format/error.ts'
import type { OpenOptions, ProgressEvent, Rowgraft, StageProgress } from '../../index.ts'
import type { Action, Result, Work } from '../state/actions.ts'
import type { Addresses, Message } from '../state/state.ts'
import { performWork, type Surroundings } from './work.ts'

interface Entry {
  readonly ticket: number
  readonly work: Work
  readonly controller: AbortController
  /** Tables that are done: work that gave way goes on with the others. */
  readonly counted: Set<string>
}

const remaining = ({ work, counted }: Entry): Work => {
  if (work.kind === 'count') return { ...work, tables: work.tables.filter((table) => !counted.has(table)) }
  if (work.kind !== 'overwritten') return work
  const left = work.tables.filter(({ table }) => !counted.has(table))
  return { ...work, tables: left, done: work.total - left.reduce((sum, { rows }) => sum + rows, 0) }
}

type Tell = (action: Action) => void

/** Told so often at most: milliseconds between two of the same job. */
const progressEvery = 100

const messageOf = (error: unknown): { readonly code: string; readonly error: Message } => {
  if (isRowgraftError(error)) {
    const { code, message, hint, asksFor } = error
    return { code, error: { kind: 'error', text: message, detail: detailOf(error), hint, asksFor } }
  }
  // Whatever else is thrown is a bug: it is told as one, and the terminal is put right first.
  throw error
}

/** Work that may wait. */
const isBackground = ({ work: { kind } }: Entry): boolean => kind === 'count' || kind === 'overwritten'

/** What is under way gives way to what somebody waits for; looking for overwritten rows, which takes longest, to counting as well. */
const givesWay = (running: Entry, { kind }: Work): boolean =>
  running.work.kind === 'overwritten'
    ? kind !== 'overwritten'
    : isBackground(running) && kind !== 'count' && kind !== 'overwritten'

const countTables = ({ work }: Entry): number => (work.kind === 'count' ? work.tables.length : 0)

export class Engine {
  readonly #tell: Tell
  readonly #fail: (error: unknown) => void
  readonly #surroundings: Surroundings
  readonly #open: (addresses: Addresses) => Promise<OpenOptions>
  #queue: Entry[] = []
  #running: Entry | null = null
  #yields = false
  #rowgraft: Rowgraft | null = null

  constructor(
    surroundings: Surroundings,
    options: {
      readonly open: (addresses: Addresses) => Promise<OpenOptions>
      readonly tell: Tell
      /** A bug: the screen must be left. */
      readonly fail: (error: unknown) => void
    },
  ) {
    this.#surroundings = surroundings
    this.#open = options.open
    this.#tell = options.tell
    this.#fail = options.fail
  }

  start(ticket: number, work: Work): void {
    this.#queue.push({ ticket, work, controller: new AbortController(), counted: new Set() })
    const running = this.#running
    if (running !== null && givesWay(running, work)) {
      this.#yields = true
      running.controller.abort()
    }
    this.#next()
  }

  cancel(ticket: number): void {
    this.#queue = this.#queue.filter((entry) => entry.ticket !== ticket)
    if (this.#running?.ticket === ticket) this.#running.controller.abort()
  }

  /** Ends everything; what runs is rolled back, a COMMIT under way is waited for. */
  async close(): Promise<void> {
    this.#queue = []
    this.#running?.controller.abort()
    await this.#idle
    await this.#rowgraft?.close()
    this.#rowgraft = null
  }

  #idle: Promise<void> = Promise.resolve()

  #next(): void {
    if (this.#running !== null) return
    // A very large table is counted by itself: many small ones come before it.
    const [most] = this.#queue.toSorted((a, b) => countTables(b) - countTables(a))
    const entry = this.#queue.find((own) => !isBackground(own)) ?? most
    if (entry === undefined) return
    this.#queue = this.#queue.filter((own) => own !== entry)
    this.#running = entry
    this.#yields = false
    this.#idle = this.#perform(entry).then(
      () => this.#ended(),
      (error: unknown) => {
        this.#running = null
        this.#fail(error)
      },
    )
  }

  #ended(): void {
    this.#running = null
    this.#next()
  }

  async #perform(entry: Entry): Promise<void> {
    const { ticket } = entry
    const emit = (result: Result): void => {
      if (result.type === 'counted') entry.counted.add(result.diff.table)
      if (result.type === 'found overwritten') entry.counted.add(result.table)
      this.#tell({ type: 'result', ticket, now: Date.now(), result })
    }
    try {
      if (entry.work.kind === 'connect') await this.#connect(entry, entry.work, emit)
      else if (this.#rowgraft !== null) {
        await performWork(this.#rowgraft, entry.work, {
          signal: entry.controller.signal,
          onProgress: this.#progress(entry, emit),
          emit,
          surroundings: this.#surroundings,
        })
      }
      emit({ type: 'finished' })
    } catch (error) {
      if (this.#yields && isBackground(entry)) {
        this.#requeue(entry)
        return
      }
      const statement = entry.work.kind === 'statement' ? entry.work.statement : null
      emit({ type: 'failed', ...messageOf(error), statement })
    }
  }

  /** It goes on with the tables that are not done yet. */
  #requeue(entry: Entry): void {
    this.#queue.push({
      ticket: entry.ticket,
      work: remaining(entry),
      controller: new AbortController(),
      counted: new Set(),
    })
  }

  async #connect(
    entry: Entry,
    { addresses, passwords, follow }: Extract<Work, { kind: 'connect' }>,
    emit: (result: Result) => void,
  ): Promise<void> {
    await this.#rowgraft?.close()
    this.#rowgraft = null
    const options = await this.#open(addresses)
    // The driver is loaded when the first frame is on screen.
    const { open } = await import('../../index.ts')
    const rowgraft = await open({
      ...options,
      ...(follow === null ? {} : { follow }),
      signal: entry.controller.signal,
      onProgress: this.#progress(entry, emit),
      askPassword: async ({ side, label }) => {
        const known = passwords[side]
        if (known === undefined) emit({ type: 'password wanted', side, label })
        return known ?? null
      },
    })
    this.#rowgraft = rowgraft
    const { live, backup, notes, protection, likelyReferences: likely } = rowgraft
    if (backup === null) throw new Error('opened without a backup')
    emit({ type: 'opened', live, backup, notes, protection, likely })
  }

  #progress(entry: Entry, emit: (result: Result) => void): (event: ProgressEvent) => void {
    let last = 0
    let step: StageProgress
    let due: NodeJS.Timeout | undefined
    const tellStep = (): void => {
      due = undefined
      if (entry !== this.#running) return
      last = Date.now()
      emit({ type: 'progress', step })
    }
    return (event) => {
      if (event.kind === 'run') {
        emit({ type: 'run phase', step: event })
        return
      }
      if (event.kind === 'lock') {
        emit({ type: 'waiting', holders: event.holders })
        return
      }
      step = event
      // The last one before a long statement is told as well.
      if (due === undefined) due = setTimeout(tellStep, Math.max(0, last + progressEvery - Date.now())).unref()
    }
  }
}
