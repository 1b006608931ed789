/**
 * Everything the screens are drawn from. Plain data, but for the lists of keys, which the engine keeps; changed by `reduce` alone.
 *
 * Actions come in, effects go out (`actions.ts`). It imports types of the engine, and nothing else of `tui/`.
 */
import type {
  Answer,
  IncidentReport,
  LikelyReference,
  LockHolder,
  Plan,
  PlanOptions,
  Report,
  RowgraftError,
  RowList,
  RowReport,
  RowView,
  RunSummary,
  SideInfo,
  StageProgress,
  TableDiff,
  TableOverview,
} from '../../index.ts'
import type { Limits } from './limits.ts'
import type { Overlay } from './overlay.ts'
import type { Picks } from './picks.ts'
import { type RowsSource, sourceId } from './picks.ts'
import type { RowDetails } from './row-details.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** What went wrong, or what has been done, in words. */
export interface Message {
  readonly kind: 'error' | 'note'
  readonly text: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  /** What the user may say to settle it. */
  readonly asksFor?: RowgraftError['asksFor']
}

/** How far some work is. */
export interface Progress {
  /** Null before it has told anything. */
  readonly step: StageProgress | null
  /** Who holds a lock that it waits for. */
  readonly holders: readonly LockHolder[]
  /** When that was told; milliseconds, as `State.now`. */
  readonly at: number
}

/** Work of the engine that is under way. Its ticket is how its results are told from those of work that was given up. */
export interface Job {
  readonly ticket: number
  readonly kind: JobKind
  /** Said while it runs: `counting`, `planning`. */
  readonly what: string
  /** Milliseconds, as `State.now`. */
  readonly since: number
  readonly progress: Progress | null
  /** Those that it counts. */
  readonly tables: readonly string[]
}

export type JobKind =
  | 'connect'
  | 'incidents'
  | 'overwritten'
  | 'tables'
  | 'count'
  | 'list'
  | 'view'
  | 'page'
  | 'row'
  | 'plan'
  | 'run'
  | 'undo'
  | 'runs'
  | 'verify'
  | 'statement'
  | 'save'

export type Connection =
  | { readonly state: 'asking' | 'opening' | 'failed'; readonly error: Message | null }
  | { readonly state: 'open'; readonly live: SideInfo; readonly backup: SideInfo; readonly notes: readonly string[] }

/** Passwords by side, of those that nothing else gives. */
export type Passwords = { readonly [side in 'live' | 'backup']?: string }

/** The two addresses as they were given or typed. */
export interface Addresses {
  readonly live: string
  readonly backup: string
  readonly profile: string | null
}

export interface Sort {
  readonly column: string
  readonly descending: boolean
}

/** The rows of a source, as far as they have been looked at. */
export interface Rows {
  readonly source: RowsSource
  readonly list: RowList
  /** Null: all of the list in its own order. */
  readonly view: RowView | null
  readonly filter: string
  readonly sort: Sort | null
  /** Values by position in the list. */
  readonly values: ReadonlyMap<number, RowReport>
}

export interface TableCounts {
  readonly states: 'keys' | 'everything'
  readonly diff: TableDiff
  /** Rows of live; null where they were not counted. */
  readonly liveRows: number | null
}

export type Screen =
  | { readonly at: 'connect'; readonly field: 'live' | 'backup' }
  | { readonly at: 'incidents'; readonly cursor: number; readonly filter: string }
  | { readonly at: 'tables'; readonly cursor: number; readonly sort: TablesSort; readonly filter: string }
  | RowsScreen
  | RowScreen
  | { readonly at: 'along'; readonly cursor: number }
  | ReviewScreen
  | {
      readonly at: 'run'
      readonly isRehearsal: boolean
      readonly isUndo: boolean
      readonly phases: readonly ToldPhase[]
    }
  | { readonly at: 'report'; readonly cursor: number; readonly report: Report; readonly plan: Plan }
  | { readonly at: 'failed'; readonly cursor: number; readonly error: Message; readonly isUnknown: boolean }
  | { readonly at: 'runs'; readonly cursor: number }

export type TablesSort = 'missing' | 'changed' | 'extra' | 'rows' | 'name'

export interface RowsScreen {
  readonly at: 'rows'
  readonly source: RowsSource
  /** Position in the view. */
  readonly cursor: number
  /** Position of the first row in sight. */
  readonly top: number
  /** Columns scrolled away to the left, the key aside. */
  readonly left: number
  /** Where a range began. */
  readonly anchor: number | null
}

export interface RowScreen {
  readonly at: 'row'
  readonly table: string
  /** Key as typed. */
  readonly key: string
  /** The list it is of, and its position in the view; null for a row that was followed to. */
  readonly from: { readonly source: RowsSource; readonly position: number } | null
  readonly cursor: number
}

export interface ReviewScreen {
  readonly at: 'review'
  readonly cursor: number
  /** Position of the open conflict that is asked about. */
  readonly conflict: number
  /** An undo: its plan is not made of picks. */
  readonly undoes: string | null
  /** The hash and answers that have been on screen: keys typed before that are dropped. */
  readonly painted: string | null
}

export interface ToldPhase extends StageProgress {
  /** When it was told; milliseconds, as `State.now`. */
  readonly at: number
}

/** What is chosen of a plan beside the rows. */
export type Chosen = Pick<
  PlanOptions,
  'parents' | 'children' | 'links' | 'relink' | 'without' | 'keys' | 'triggers' | 'again' | 'set' | 'acceptTrigger'
>

/** The plan of what is picked, or of an undo; made anew whenever something it is made of changes. */
export interface Planned {
  readonly plan: Plan
  readonly undoes: string | null
}

export interface State {
  readonly size: Size
  /** Larger tables are read when somebody asks for it. */
  readonly limits: Limits
  /** The next frame is empty: after a change of size everything is drawn anew, and nothing of what stood there stays. */
  readonly isBlank: boolean
  /** Milliseconds; moves only while something is under way. */
  readonly now: number
  /** Why nothing may be restored; null where it may. */
  readonly readOnly: string | null
  readonly protection: boolean | 'refuse'
  readonly addresses: Addresses
  /** Relations that nobody declared are followed, where somebody said so here. */
  readonly follow: 'suggested' | null
  /** Columns that are called like references that nobody declared. */
  readonly likely: readonly LikelyReference[]
  /** What was typed where a server asked for it: kept nowhere else. */
  readonly passwords: Passwords
  readonly connection: Connection
  /** Where one is, and how one came there; the last one is on screen. */
  readonly stack: readonly Screen[]
  readonly overlay: Overlay | null
  readonly message: Message | null
  readonly jobs: readonly Job[]
  readonly tickets: number
  readonly incidents: IncidentReport | null
  /** When the incidents were counted; milliseconds. */
  readonly countedAt: number | null
  readonly countTook: number
  readonly overview: readonly TableOverview[] | null
  readonly counts: ReadonlyMap<string, TableCounts>
  readonly rows: ReadonlyMap<string, Rows>
  /** The row that is looked at, by table and key. */
  readonly row: RowDetails | null
  readonly picks: Picks
  readonly chosen: Chosen
  readonly answers: Readonly<Record<string, Answer>>
  readonly planned: Planned | null
  /** Picks, options and answers have changed since the plan was made. */
  readonly isStale: boolean
  readonly runs: readonly RunSummary[] | null
  /** Reports of what was run, oldest first: they are told again on leaving. */
  readonly done: readonly { readonly report: Report; readonly plan: Plan }[]
  readonly isLeaving: boolean
}

export const screenOf = ({ stack }: State): Screen => stack.at(-1) ?? { at: 'connect', field: 'live' }

export const rowsOf = (state: State, source: RowsSource): Rows | undefined => state.rows.get(sourceId(source))

/** Rows in the view. */
export const viewLength = ({ list, view }: Rows): number => (view === null ? list.length : view.length)

/** Position in the list of a row of the view. */
export const listIndex = ({ view }: Rows, position: number): number =>
  view === null ? position : (view.indexes[position] ?? -1)

export const jobOf = ({ jobs }: State, ...kinds: readonly JobKind[]): Job | undefined =>
  jobs.find(({ kind }) => kinds.includes(kind))
