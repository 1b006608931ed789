/** What a session is opened with. */
import type { Acting } from './acting.ts'
import type { Side, Timeouts } from './settings.ts'

export interface SessionOptions {
  readonly side?: Side
  readonly signal?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly acting?: Acting | undefined
  /** Limits of what is read; without them a scan takes what it takes. */
  readonly reading?: Partial<Timeouts> | undefined
}
