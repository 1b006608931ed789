/** The rows of one table that belong to a closure: packed keys with mark, because, relation and origin, kept in columns. */
import { KeyIndex, NumberColumn, NumberQueue } from '../catalog/key-index.ts'
import type { Relation } from '../catalog/relations.ts'

/** Why a row is in a plan. */
export type Because = 'selected' | 'parent' | 'child' | 'link' | 'survivor' | 'undo'

export type Mark = 'needed' | 'whole'

/** The row that a row came along with, packed, and by which relation; both null for a selected row. */
export interface Origin {
  readonly via: Relation | null
  readonly from: string | null
}

/** Numbered by `becauses`, so that a row's reason takes four bytes. */
const becauses: readonly Because[] = ['selected', 'parent', 'child', 'link', 'survivor', 'undo']

/** Where a row came from, as a number: 0 for nowhere, else the position of its key among `origins`, plus 1. */
const nowhere = 0

export class Members {
  readonly #keys = new KeyIndex()
  readonly #isWhole = new NumberColumn('bytes')
  readonly #because = new NumberColumn('bytes')
  /** Positions in `#relations`, plus 1. */
  readonly #via = new NumberColumn()
  readonly #from = new NumberColumn()
  readonly #relations: Relation[] = []
  /** The rows that others came along with: few parents have many children. */
  readonly #origins = new KeyIndex()
  readonly #anchors = new Set<string>()
  readonly #updated = new Map<string, readonly string[]>()
  /** Of needed rows that became whole: what made them so. */
  readonly #promoted = new Map<number, Origin>()
  readonly #newParents = new NumberQueue()
  readonly #newChildren = new NumberQueue()
  /** Members whose primary key another record has in live. */
  readonly reused = new Set<string>()
  /** Members that live has, marked as deleted: the mark is taken off, nothing is inserted. */
  readonly deleted = new Set<string>()

  get size(): number {
    return this.#keys.size - this.#anchors.size - this.#updated.size
  }

  get hasPending(): boolean {
    return this.#newParents.size > 0 || this.#newChildren.size > 0
  }

  has(key: string): boolean {
    return this.#keys.find(key) >= 0
  }

  /** Adds a row or promotes it to whole; 1 if that changed anything. */
  add(key: string, mark: Mark, because: Because, via: Relation | null, from: string | null): number {
    const before = this.#keys.size
    const number = this.#keys.add(key)
    if (number < before) {
      if (mark === 'needed' || this.#isWhole.at(number) === 1) return 0
      this.#isWhole.set(number, 1)
      this.#promoted.set(number, { via, from })
      this.#newChildren.push(number)
      return 1
    }
    this.#isWhole.set(number, mark === 'whole' ? 1 : 0)
    this.#because.set(number, becauses.indexOf(because))
    this.#via.set(number, this.#numberOf(via))
    this.#from.set(number, from === null ? nowhere : this.#origins.add(from) + 1)
    this.#newParents.push(number)
    if (mark === 'whole') this.#newChildren.push(number)
    return 1
  }

  /** A row that stays as it is in live; its children are looked at. */
  addAnchor(key: string): void {
    if (this.add(key, 'whole', 'selected', null, null) === 1) this.#anchors.add(key)
  }

  /** A row of live some columns of which are restored; the parents it then refers to are looked at. */
  addUpdated(key: string, columns: readonly string[], mark: Mark): void {
    if (this.add(key, mark, 'selected', null, null) === 1) this.#updated.set(key, columns)
  }

  /** True where the run writes one of these columns of the row. */
  writes(key: string, columns: readonly string[]): boolean {
    const updated = this.#updated.get(key)
    return updated === undefined ? !this.#anchors.has(key) : columns.some((name) => updated.includes(name))
  }

  /** Up to `most` rows not yet expanded towards parents or children; each is handed out once. */
  takeUnexpanded(towards: 'parents' | 'children', most: number): readonly string[] {
    const open = towards === 'parents' ? this.#newParents : this.#newChildren
    return open.take(most).map((number) => this.#keys.keyAt(number))
  }

  /** The key of a row by its number. */
  keyAt(number: number): string {
    return this.#keys.keyAt(number)
  }

  /** Rows to insert, in the order they were found, with why each is there. */
  *entries(): Generator<{
    readonly number: number
    readonly key: string
    readonly because: Because
    readonly via: Relation | null
    readonly from: string | null
  }> {
    for (let number = 0; number < this.#keys.size; number++) {
      const key = this.#keys.keyAt(number)
      if (!this.isInserted(key)) continue
      yield { number, key, because: becauses[this.#because.at(number)] ?? 'selected', ...this.#originOf(number) }
    }
  }

  /** The rows that are whole, each with the whole row it came along with. */
  *wholes(): Generator<Origin & { readonly key: string }> {
    for (let number = 0; number < this.#keys.size; number++) {
      if (this.#isWhole.at(number) === 0) continue
      yield { key: this.#keys.keyAt(number), ...(this.#promoted.get(number) ?? this.#originOf(number)) }
    }
  }

  /** Keys of the rows to insert, one after the other: there may be more than anybody should hold. */
  *keys(): Generator<string> {
    for (let number = 0; number < this.#keys.size; number++) {
      const key = this.#keys.keyAt(number)
      if (this.isInserted(key)) yield key
    }
  }

  #originOf(number: number): Origin {
    const from = this.#from.at(number)
    return {
      via: this.#relations[this.#via.at(number) - 1] ?? null,
      from: from === nowhere ? null : this.#origins.keyAt(from - 1),
    }
  }

  #numberOf(relation: Relation | null): number {
    if (relation === null) return 0
    const known = this.#relations.indexOf(relation)
    return known >= 0 ? known + 1 : this.#relations.push(relation)
  }

  /** False for a row that live has, and that is only updated or looked below. */
  isInserted(key: string): boolean {
    return !this.#anchors.has(key) && !this.#updated.has(key)
  }
}
