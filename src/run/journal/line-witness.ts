/** Looks at the rows that go into a journal: how many there are, whether each is as it should be, and which changed their keys. */

import { keyLine, mostKeys } from '../keys/changed-keys.ts'
import type { NamedKey, Report } from '../run.ts'
import type { Stream } from './journal-shape.ts'
import type { KeyListFile } from './key-list-file.ts'
import { hasMoved, parseWritten, splitFields, tellsKeys } from './written-rows.ts'

/** The action of a row that is not what it should be: its run is not committed. */
export const differs = 'differs'

/** Rows whose key changed: how many, and the first of them. */
export interface KeyChanges {
  readonly rows: number
  readonly keys: Report['keys']
}

const lineFeed = 10
const marker = Buffer.from(`${differs}\t`)

export class LineWitness {
  readonly #stream: Stream
  readonly #names: readonly string[]
  readonly #keyList: KeyListFile
  #rest: Buffer = Buffer.alloc(0)
  #rows = 0
  #differing = 0
  #changed = 0
  readonly #keys: Report['keys'][number][] = []

  /** `names`: the columns by which people know a row. */
  constructor(stream: Stream, names: readonly string[], keyList: KeyListFile) {
    this.#stream = stream
    this.#names = names
    this.#keyList = keyList
  }

  /** True where there were so many rows, and none that differs. */
  isSame(rows: number): boolean {
    return this.#rows === rows && this.#differing === 0 && this.#rest.length === 0
  }

  /** How many rows it has seen. */
  get rows(): number {
    return this.#rows
  }

  get changed(): KeyChanges {
    return { rows: this.#changed, keys: this.#keys }
  }

  /** Takes the next bytes of COPY text. */
  async take(chunk: Buffer): Promise<void> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const end = bytes.lastIndexOf(lineFeed) + 1
    this.#rest = bytes.subarray(end)
    const lines = bytes.subarray(0, end)
    if (tellsKeys(this.#stream)) await this.#read(lines)
    else this.#count(lines)
  }

  #count(lines: Buffer): void {
    for (let start = 0; start < lines.length; this.#rows++) {
      // No value holds a bare tab: only an action reads like this.
      if (lines.compare(marker, 0, marker.length, start, Math.min(start + marker.length, lines.length)) === 0)
        this.#differing++
      start = lines.indexOf(lineFeed, start) + 1
    }
  }

  async #read(lines: Buffer): Promise<void> {
    if (lines.length === 0) return
    const parse = parseWritten(this.#stream.columns)
    const listed: string[] = []
    for (const fields of splitFields(lines)) {
      this.#rows++
      if (fields[0] === differs) this.#differing++
      const { old, now } = parse(fields)
      if (!hasMoved(old, now)) continue
      listed.push(keyLine(this.#stream.table, old, now))
      this.#changed++
      if (this.#changed > mostKeys) continue
      this.#keys.push({ table: this.#stream.table, backup: this.#named(old), live: this.#named(now) })
    }
    if (listed.length > 0) await this.#keyList.append(listed.join(''))
  }

  #named(values: readonly string[]): NamedKey {
    return Object.fromEntries(this.#names.map((name, position) => [name, values[position] ?? '']))
  }
}
