/** The state before anything has happened. */
import { defaultLimits, type Limits } from './limits.ts'
import { noPicks } from './picks.ts'
import type { Addresses, Size, State } from './state.ts'

/** On the way to both databases, where both are given. */
export const makeState = (options: {
  readonly addresses: Addresses
  readonly size: Size
  readonly isReadOnly: boolean
  readonly limits?: Limits
}): State => ({
  size: options.size,
  limits: options.limits ?? defaultLimits,
  isBlank: false,
  now: Date.now(),
  readOnly: options.isReadOnly ? 'started with --read-only' : null,
  protection: false,
  addresses: options.addresses,
  passwords: {},
  connection: { state: 'asking', error: null },
  follow: null,
  likely: [],
  stack: [{ at: 'connect', field: options.addresses.live === '' ? 'live' : 'backup' }],
  overlay: null,
  message: null,
  jobs: [],
  tickets: 0,
  incidents: null,
  countedAt: null,
  countTook: 0,
  overview: null,
  counts: new Map(),
  rows: new Map(),
  row: null,
  picks: noPicks,
  chosen: {
    parents: 'restore',
    children: 'all',
    links: 'existing',
    relink: 'evidence',
    without: [],
    keys: 'auto',
    triggers: null,
    again: false,
    set: [],
    acceptTrigger: [],
  },
  answers: {},
  planned: null,
  isStale: true,
  runs: null,
  done: [],
  isLeaving: false,
})
