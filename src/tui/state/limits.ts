/** From which size on a table is only read when somebody asks for it. */
import type { TableOverview } from '../../index.ts'

export interface Limits {
  readonly rows: number
  readonly bytes: number
}

/** Design 4.3: over 5 million rows, or over 4 GB. */
export const defaultLimits: Limits = { rows: 5_000_000, bytes: 4 * 2 ** 30 }

/** More than either limit, as far as it is known. */
export const isVeryLarge = ({ restorable, size }: TableOverview, limits: Limits): boolean =>
  restorable && size !== null && ((size.rows ?? 0) > limits.rows || size.bytes > limits.bytes)
