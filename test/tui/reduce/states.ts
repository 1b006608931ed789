/** States as they are after this and that, made by hand: what `reduce` does is asked of them. */
import type { DiffState, IncidentReport, Plan, RowList, RowReport, TableOverview } from '../../../src/index.ts'
import { reduce } from '../../../src/tui/reduce/reduce.ts'
import type { Result, Transition, Work } from '../../../src/tui/state/actions.ts'
import { makeState } from '../../../src/tui/state/first-state.ts'
import { beginWork } from '../../../src/tui/state/jobs.ts'
import { sourceId } from '../../../src/tui/state/picks.ts'
import type { Rows, Screen, State } from '../../../src/tui/state/state.ts'

const side = (database: string) => ({ label: database, database, user: 'ida', version: '18.4' })

export const live = side('shop')
export const backup = side('shop_backup')

/** Nothing is open yet. */
export const unconnected: State = {
  ...makeState({
    addresses: { live: 'service=shop', backup: 'shop.dump', profile: null },
    size: { columns: 80, rows: 24 },
    isReadOnly: false,
  }),
  now: 1_000,
}

/** Both sides are open, on this screen. */
export const openAt = (screen: Screen, parts: Partial<State> = {}): State => ({
  ...unconnected,
  connection: { state: 'open', live, backup, notes: [] },
  stack: [screen],
  ...parts,
})

const incident = (id: string, table: string, label: string): IncidentReport['incidents'][number] => ({
  kind: 'missing',
  id,
  table,
  label,
  rows: 3,
  tables: [{ table, rows: 3, isLink: false }],
  survivors: [],
  condition: { sql: 'id = 7', hits: 3, of: 4, isExact: false, isOnly: true },
  when: null,
  roots: 1,
  ties: [],
})

export const found: IncidentReport = {
  v: 1,
  incidents: [
    incident('aaa', 'public.gallery', 'gallery "Pets" (7)'),
    incident('bbb', 'public.artist', 'artist "Ida Lind" (41)'),
  ],
  leftOut: [],
  unseen: [],
}

export const incidents = { at: 'incidents', cursor: 0, filter: '' } as const

/** The first screen, with two incidents on it. */
export const told = openAt(incidents, { incidents: found, countedAt: 900 })

export const makeTable = (name: string, parts: Partial<TableOverview> = {}): TableOverview => ({
  table: `public.${name}`,
  kind: 'table',
  identity: ['id'],
  isJunction: false,
  relations: [],
  drift: [],
  restorable: true,
  refusal: null,
  size: { rows: 10, bytes: 8192 },
  ...parts,
})

/** A list of rows in these states, with keys from 1 on. */
export const makeList = (states: readonly DiffState[]): RowList => ({
  table: 'public.photo',
  length: states.length,
  states: {
    ...{ missing: 0, changed: 0, deleted: 0, extra: 0, reused: 0, restored: 0 },
    ...Object.fromEntries([...Map.groupBy(states, (state) => state)].map(([state, own]) => [state, own.length])),
  },
  columns: ['id', 'title', 'gallery_id'].map((name) => ({
    name,
    type: name === 'title' ? 'text' : 'integer',
    isIdentity: name === 'id',
    isNumeric: name !== 'title',
  })),
  label: 'title',
  stateAt: (index) => states[index] ?? 'missing',
  keyAt: (index) => [String(index + 1)],
  changedAt: (index) => (states[index] === 'changed' ? ['title', 'gallery_id'] : []),
})

/** What the list says of a row. */
export const makeRow = (list: RowList, index: number): RowReport => {
  const id = list.keyAt(index)[0] ?? ''
  const state = list.stateAt(index)
  return {
    table: list.table,
    state,
    key: { id },
    backup: { id, title: `photo ${id}`, gallery_id: '7' },
    live: state === 'missing' ? null : { id, title: 'another', gallery_id: null },
    columns: list.changedAt(index),
  }
}

export const photos = { table: 'public.photo', incident: null } as const
export const photosId = sourceId(photos)

const rowsOf = (list: RowList): Rows => ({
  source: photos,
  list,
  view: null,
  filter: '',
  sort: null,
  values: new Map(Array.from({ length: list.length }, (_, index) => [index, makeRow(list, index)])),
})

export const rowsScreen = { at: 'rows', source: photos, cursor: 0, top: 0, left: 0, anchor: null } as const

/** The rows of a table, all of them read, above the first screen. */
export const listing = (states: readonly DiffState[], parts: Partial<typeof rowsScreen & { cursor: number }> = {}) =>
  openAt(incidents, {
    incidents: found,
    stack: [incidents, { ...rowsScreen, ...parts }],
    rows: new Map([[photosId, rowsOf(makeList(states))]]),
  })

export const reviewScreen = { at: 'review', cursor: 0, conflict: 0, undoes: null, painted: null } as const

/** A plan under review; its frame has been painted. */
export const reviewing = (plan: Plan, parts: Partial<State> = {}): State => {
  const state = openAt(incidents, {
    incidents: found,
    stack: [incidents, { ...reviewScreen, undoes: plan.undoes }],
    planned: { plan, undoes: plan.undoes },
    isStale: false,
    ...parts,
  })
  const [shown] = reduce(state, { type: 'painted', state })
  return shown
}

/** What the last of these keys leads to. */
export const press = (state: State, ...keys: readonly string[]): Transition =>
  keys.reduce<Transition>(([before], key) => reduce(before, { type: 'key', key }), [state])

/** The state after these keys. */
export const afterKeys = (state: State, ...keys: readonly string[]): State => press(state, ...keys)[0]

/** Begins work, and lets a result of it come in. */
export const answered = (state: State, work: Work, result: Result): Transition => {
  const [busy] = beginWork(state, work)
  return reduce(busy, { type: 'result', ticket: busy.tickets, now: 2_000, result })
}

/** The state with another screen on top. */
export const withTop = (state: State, screen: Screen): State => ({
  ...state,
  stack: [...state.stack.slice(0, -1), screen],
})

export const note = (text: string) => ({ kind: 'note', text }) as const

export const screensOf = ({ stack }: State): readonly Screen['at'][] => stack.map(({ at }) => at)
