/** Which record a row of live is: the backup's of the same key, or another one that got its key; and how much of that shows. Pure. */
import { pack } from './rows.ts'
import type { Table } from './schema.ts'
import { differing, keyIn, type Side } from './sides.ts'

export interface Scene {
  readonly tables: readonly Table[]
  readonly backup: Side
  /** Live before the run. */
  readonly live: Side
  /** Keys given to records of live's own, packed, per position of a table. */
  readonly born: readonly ReadonlySet<string>[]
}

/**
 * `plain` strangers differ in most of what tells records apart, or in a unique code and half of the rest; `faint` ones in less: nobody could
 * tell them, so that it is enough to name them. Columns of few values, and those that are empty on one side, tell nothing.
 */
export type Likeness = 'same record' | 'equal' | 'faint' | 'plain'

const ranks: readonly Likeness[] = ['same record', 'equal', 'faint', 'plain']

/** Columns by which somebody could tell two records apart. */
export const tellingColumns = ({ values }: Table): readonly string[] =>
  values.filter(({ pool }) => pool !== 'count' && pool !== 'few').map(({ name }) => name)

/** Rows that somebody has said live's row may stand for. */
export type IsSettled = (table: Table, key: string) => boolean

const nobody: IsSettled = () => false

/** What live's row of a key of the backup is; a row that live has not is no stranger. Who takes its key from its parents is as strange as they are. */
export const likenessOf = (scene: Scene, table: Table, key: string, isSettled: IsSettled = nobody): Likeness => {
  const [row, now] = [scene.backup[table.position]?.get(key), scene.live[table.position]?.get(key)]
  if (row === undefined || now === undefined || isSettled(table, key)) return 'same record'
  const parents = table.references
    .filter(({ isKey }) => isKey)
    .map(({ to, columns }): Likeness => {
      const parent = scene.tables[to]
      return parent === undefined
        ? 'same record'
        : likenessOf(scene, parent, pack(keyIn(now, columns) ?? []), isSettled)
    })
  const worst = parents.reduce((a, b) => (ranks.indexOf(a) > ranks.indexOf(b) ? a : b), 'same record')
  if (!scene.born[table.position]?.has(key)) return worst
  const changed = differing(row, now)
  if (changed.length === 0) return worst === 'same record' ? 'equal' : worst
  // That a row still refers to the same one speaks for it.
  const references = table.references.flatMap(({ isKey, columns }) => (isKey ? [] : columns))
  const telling = [...tellingColumns(table), ...references].filter((name) => row[name] !== null && now[name] !== null)
  const different = telling.filter((name) => changed.includes(name))
  const [rest, others] = [telling, different].map((names) => names.filter((name) => name !== 'code').length)
  const isOtherCode = different.includes('code') && (others ?? 0) * 2 >= (rest ?? 0)
  const isPlain = different.length * 2 > telling.length || isOtherCode
  return isPlain || worst === 'plain' ? 'plain' : 'faint'
}
