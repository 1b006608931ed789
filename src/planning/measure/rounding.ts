/** Columns whose values the user lets live round. Pure. */
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { isRounding } from '../../catalog/spelling.ts'
import { RowgraftError } from '../../errors.ts'

/** Throws `usage` for columns (`table.column`) whose values live does not round, so that there is nothing to accept. */
export const refuseNotRounding = ({ tables }: SharedCatalog, accepted: readonly string[]): void => {
  for (const name of accepted) {
    const table = [...tables.values()].find(({ id }) => name.startsWith(`${id}.`))
    const found = table === undefined ? undefined : columnOf(table.live, name.slice(table.id.length + 1))
    if (isRounding(found)) continue
    const why =
      found === undefined ? 'live has no such column' : `live's type of it is ${found.type}, which rounds nothing`
    throw new RowgraftError('usage', `--accept-rounding ${name}: ${why}`, {
      hint: 'Name a numeric, a time or an interval that keeps fewer digits in live than in the backup.',
    })
  }
}
