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
 * `plain` strangers differ in most of what tells records apart, or in a unique code and half of the rest; `faint` ones in less, or have the
 * unique code still: nobody could tell them, so that it is enough to name them. Columns tell nothing that are empty on one side, or of
 * which many rows of the backup have the same value.
 */
export type Likeness = 'same record' | 'equal' | 'faint' | 'plain'

const ranks: readonly Likeness[] = ['same record', 'equal', 'faint', 'plain']

/** Columns by which somebody could tell two records apart: values and references of which most rows have one of their own. */
export const tellingColumns = ({ backup }: Scene, { position, values, references }: Table): readonly string[] => {
  const rows = [...(backup[position]?.values() ?? [])]
  const own = values.filter(({ pool }) => pool !== 'count').map(({ name }) => name)
  const referring = references.flatMap(({ isKey, columns }) => (isKey ? [] : columns))
  return [...own, ...referring].filter((name) => {
    const set = rows.flatMap((row) => row[name] ?? [])
    return new Set(set).size * 2 > set.length
  })
}

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
  const telling = tellingColumns(scene, table).filter((name) => row[name] !== null && now[name] !== null)
  const different = telling.filter((name) => changed.includes(name))
  const [rest, others] = [telling, different].map((names) => names.filter((name) => name !== 'code').length)
  const isOtherCode = different.includes('code') && (others ?? 0) * 2 >= (rest ?? 0)
  const isSameCode = telling.includes('code') && !different.includes('code')
  const isPlain = !isSameCode && (different.length * 2 > telling.length || isOtherCode)
  return isPlain || worst === 'plain' ? 'plain' : 'faint'
}
