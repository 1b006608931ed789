/** Why a row is in a plan, a line per reason. */
import type { ChainLink } from '../../plan/chain.ts'
import { indent, joinLines } from '../layout.ts'
import { firstOf, formatColumn, formatKey, formatTable } from '../names.ts'
import { formatCount } from '../quantities.ts'
import type { Setting } from '../style.ts'

const rowsOf = ({ table, keys }: ChainLink): string => {
  const shown = keys.map((key) => formatKey(key.split('\0')))
  if (keys.length === 1) return `${formatTable(table)} ${shown[0]}`
  return `one of ${formatCount(keys.length)} rows of ${formatTable(table)} (${firstOf(shown)})`
}

const done: Readonly<Record<ChainLink['action'], string>> = {
  insert: 'is inserted',
  update: 'is updated',
  delete: 'is deleted',
}

const whyOf = (link: ChainLink, from: ChainLink | undefined): string => {
  const { because, via } = link
  if (because === 'selected') return 'it was selected'
  if (because === 'undo' || via === null) return 'the run wrote it'
  const columns = via.columns.map(formatColumn).join(', ')
  const parent = from === undefined ? `a row of ${formatTable(via.parent)}` : rowsOf(from)
  if (because === 'parent') {
    return `${from === undefined ? formatTable(via.child) : rowsOf(from)} needs it (${columns})`
  }
  if (because === 'survivor') return `its ${columns} pointed to ${parent}, and was emptied`
  return because === 'link' ? `it links ${parent} (${columns})` : `it belonged to ${parent} (${columns})`
}

/** `comment 901 is inserted: it belonged to gallery 7 (gallery_id)`, and so on, back to what was selected. */
export const formatChain = (chain: readonly ChainLink[], { width }: Setting): string =>
  joinLines(
    chain.flatMap((link, depth) => {
      const isNew = link.isNew ? ' under a new key' : ''
      const subject = `${rowsOf(link)} ${done[link.action]}${isNew}`
      return indent(`${subject}: ${whyOf(link, chain[depth + 1])}`, { width, by: depth * 2, hanging: 2 })
    }),
  )

/** The same as data. */
export const jsonChain = (chain: readonly ChainLink[]): object => ({
  v: 1,
  chain: chain.map(({ table, keys, action, because, via, isNew }) => ({
    table,
    keys: keys.map((key) => key.split('\0')),
    action,
    because,
    via: via?.id ?? null,
    newKey: isNew,
  })),
})
