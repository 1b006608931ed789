/** The rows of one table that belong to a closure, by packed key: mark, because, relation and origin, kept in columns. */

import type { Relation } from '../../catalog/relations.ts'
import { type KeyIndex, type KeyIndexes, KeySequence } from '../../keys/key-index.ts'
import { NumberColumn, NumberQueue } from '../../keys/number-column.ts'

/** Why a row is in a plan. */
export type Because = 'selected' | 'parent' | 'child' | 'link' | 'survivor' | 'undo'

export type Mark = 'needed' | 'whole'

/** The row that a row came along with, packed, and by which relation; both null for a selected row. */
export interface Origin {
  readonly via: Relation | null
  readonly from: string | null
}

/** Why a row is a member. */
export interface Reason extends Origin {
  readonly because: Because
}

/** The reason of rows that come because of no other. */
export const selected: Reason = { because: 'selected', via: null, from: null }

/** Numbered by `becauses`, so that a row's reason takes a byte. */
const becauses: readonly Because[] = ['selected', 'parent', 'child', 'link', 'survivor', 'undo']

/** What stands in the column of marks; 0 for a row that is no member. */
const [needed, whole] = [1, 2]

/** The table of the row that another one came along with: that of the child where a parent came along. */
const originTable = (because: Because, { child, parent }: Relation): string => (because === 'parent' ? child : parent)

export class Members {
  readonly #indexes: KeyIndexes
  /** Numbers their keys. */
  readonly index: KeyIndex
  /** In the order they were found. */
  readonly #keys: KeySequence
  readonly #marks = new NumberColumn()
  readonly #because = new NumberColumn()
  /** Positions in `#relations`, plus 1. */
  readonly #via = new NumberColumn()
  /** Numbers of keys in the index of the table they are from. */
  readonly #from = new NumberColumn()
  readonly #relations: Relation[] = []
  readonly #anchors = new Set<string>()
  readonly #updated = new Map<string, readonly string[]>()
  /** Of needed rows that became whole: what made them so. */
  readonly #promoted = new Map<number, Origin>()
  /** How many of the rows have been handed out to look for their parents. */
  #withParents = 0
  readonly #newChildren = new NumberQueue()
  /** Members whose primary key another record has in live. */
  readonly reused = new Set<string>()
  /** Members that live has, marked as deleted: the mark is taken off, nothing is inserted. */
  readonly deleted = new Set<string>()

  constructor(indexes: KeyIndexes, table: string) {
    this.#indexes = indexes
    this.index = indexes.of(table)
    this.#keys = new KeySequence(this.index)
  }

  get size(): number {
    return this.#keys.length - this.#anchors.size - this.#updated.size
  }

  /** How many rows there are, whatever becomes of them. */
  get found(): number {
    return this.#keys.length
  }

  /** How many of them have been handed out to look for their parents. */
  get expanded(): number {
    return this.#withParents
  }

  get hasPending(): boolean {
    return this.#withParents < this.#keys.length || this.#newChildren.size > 0
  }

  has(key: string): boolean {
    const number = this.index.find(key)
    return number >= 0 && this.#marks.at(number) > 0
  }

  /** Adds a row or promotes it to whole; 1 if that changed anything. */
  add(key: string, mark: Mark, { because, via, from }: Reason): number {
    const number = this.index.add(key)
    const known = this.#marks.at(number)
    if (known === whole || (known === needed && mark === 'needed')) return 0
    if (mark === 'whole') this.#newChildren.push(number)
    this.#marks.set(number, mark === 'whole' ? whole : needed)
    if (known === needed) {
      this.#promoted.set(number, { via, from })
      return 1
    }
    this.#keys.push(number)
    this.#because.set(number, becauses.indexOf(because))
    if (via === null || from === null) return 1
    this.#via.set(number, this.#numberOf(via))
    this.#from.set(number, this.#indexes.of(originTable(because, via)).add(from))
    return 1
  }

  /** A row that stays as it is in live; its children are looked at. */
  addAnchor(key: string): void {
    if (this.add(key, 'whole', selected) === 1) this.#anchors.add(key)
  }

  /** A row of live some columns of which are restored; the parents it then refers to are looked at. */
  addUpdated(key: string, columns: readonly string[], mark: Mark): void {
    if (this.add(key, mark, selected) === 1) this.#updated.set(key, columns)
  }

  /** True where the run writes one of these columns of the row. */
  writes(key: string, columns: readonly string[]): boolean {
    const updated = this.#updated.get(key)
    return updated === undefined ? !this.#anchors.has(key) : columns.some((name) => updated.includes(name))
  }

  /** Up to `most` rows not yet expanded towards parents or children; each is handed out once. */
  takeUnexpanded(towards: 'parents' | 'children', most: number): readonly string[] {
    if (towards === 'children') return this.#newChildren.take(most).map((number) => this.index.keyAt(number))
    const start = this.#withParents
    this.#withParents = Math.min(this.#keys.length, start + most)
    return Array.from({ length: this.#withParents - start }, (_, position) => this.#keys.at(start + position))
  }

  /** Rows to insert, in the order they were found, with why each is there; `number` is that of its key. */
  *entries(): Generator<Origin & { readonly number: number; readonly key: string; readonly because: Because }> {
    for (const [number, key] of this.#inserted()) {
      yield { number, key, because: this.#becauseOf(number), ...this.#originOf(number) }
    }
  }

  /** The rows that are whole, each with the whole row it came along with. */
  *wholes(): Generator<Origin & { readonly key: string }> {
    for (let position = 0; position < this.#keys.length; position++) {
      const number = this.#keys.numberAt(position)
      if (this.#marks.at(number) !== whole) continue
      yield { key: this.#keys.at(position), ...(this.#promoted.get(number) ?? this.#originOf(number)) }
    }
  }

  /** Keys of the rows to insert that nobody asked for and that bring nothing along: others need them. */
  *needed(): Generator<string> {
    for (const [number, key] of this.#inserted()) if (this.#marks.at(number) === needed) yield key
  }

  /** Keys of the rows to insert, one after the other: there may be more than anybody should hold. */
  *keys(): Generator<string> {
    for (const [, key] of this.#inserted()) yield key
  }

  /** Numbers and keys of the rows to insert. */
  *#inserted(): Generator<readonly [number, string]> {
    for (let position = 0; position < this.#keys.length; position++) {
      const key = this.#keys.at(position)
      if (this.isInserted(key)) yield [this.#keys.numberAt(position), key]
    }
  }

  #becauseOf(number: number): Because {
    return becauses[this.#because.at(number)] ?? 'selected'
  }

  #originOf(number: number): Origin {
    const via = this.#relations[this.#via.at(number) - 1]
    if (via === undefined) return { via: null, from: null }
    const table = originTable(this.#becauseOf(number), via)
    return { via, from: this.#indexes.of(table).keyAt(this.#from.at(number)) }
  }

  #numberOf(relation: Relation): number {
    const known = this.#relations.indexOf(relation)
    return known >= 0 ? known + 1 : this.#relations.push(relation)
  }

  /** False for a row that live has, and that is only updated or looked below. */
  isInserted(key: string): boolean {
    return !this.#anchors.has(key) && !this.#updated.has(key)
  }
}
