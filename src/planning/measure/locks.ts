/** Refuses plans whose tables have more partitions than the server has locks for. */
import type { Table } from '../../catalog/catalog.ts'
import type { Reader } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { lockRoom } from '../../sql/lock-room.ts'

/** Throws `not-restorable` where live has no room for the locks of a plan. */
export const checkLockRoom = async (live: Reader, tables: readonly Table[]): Promise<void> => {
  const check = lockRoom(tables)
  const [row] = check === null ? [] : await live.rows(check.query)
  if (check === null || row === undefined) return
  const { code, message, detail, hint } = check
  throw new RowgraftError(code, message({ count: '1', row: row.map((text) => text ?? '') }), { detail, hint })
}
