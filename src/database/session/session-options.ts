import type { Side, Timeouts } from '../settings.ts'

export interface SessionOptions {
  readonly side?: Side
  readonly signal?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly acting?: Acting | undefined
  /** Limits of what is read; without them a scan takes what it takes. */
  readonly reading?: Partial<Timeouts> | undefined
  readonly askPassword?: AskPassword | undefined
}

/** Asks somebody for the password that a server wants and nothing gives; null where nobody says it. `label` tells user, host and database. */
export type AskPassword = (asked: { readonly side: Side; readonly label: string }) => Promise<string | null>

export interface Acting {
  /** Null: the role that connects. */
  readonly role: string | null
  readonly settings: Readonly<Record<string, string>>
}

/** The role that connects, with nothing set. */
export const asConnected: Acting = { role: null, settings: {} }
