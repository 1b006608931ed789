/** What happens to the state, and what it makes happen outside. Both are data. */
import type {
  IncidentReport,
  LikelyReference,
  LockHolder,
  OverwrittenReport,
  Plan,
  Report,
  RowList,
  RowReport,
  RowView,
  RunSummary,
  SideInfo,
  StageProgress,
  TableDiff,
  TableOverview,
} from '../../index.ts'
import type { KeyName } from './keys.ts'
import type { Picks, RowsSource } from './picks.ts'
import type { RowDetails } from './row-details.ts'
import type { Addresses, Chosen, Message, Passwords, Size, Sort, State, TableCounts } from './state.ts'

/** What came of work that was asked for; `ticket` says which. */
export type Result =
  | {
      readonly type: 'opened'
      readonly live: SideInfo
      readonly backup: SideInfo
      readonly notes: readonly string[]
      readonly protection: boolean | 'refuse'
      readonly likely: readonly LikelyReference[]
    }
  | { readonly type: 'progress'; readonly step: StageProgress }
  | { readonly type: 'waiting'; readonly holders: readonly LockHolder[] }
  | { readonly type: 'found incidents'; readonly report: IncidentReport; readonly took: number }
  /** In one table. */
  | { readonly type: 'found overwritten'; readonly table: string; readonly report: OverwrittenReport }
  | { readonly type: 'read tables'; readonly tables: readonly TableOverview[] }
  | { readonly type: 'counted'; readonly states: TableCounts['states']; readonly diff: TableDiff }
  | { readonly type: 'listed'; readonly source: RowsSource; readonly list: RowList }
  | {
      readonly type: 'viewed'
      readonly source: RowsSource
      readonly view: RowView | null
      readonly filter: string
      readonly sort: Sort | null
    }
  | {
      readonly type: 'read values'
      readonly source: RowsSource
      readonly list: RowList
      readonly values: readonly (readonly [index: number, row: RowReport])[]
    }
  | { readonly type: 'read row'; readonly details: RowDetails }
  | { readonly type: 'planned'; readonly plan: Plan; readonly undoes: string | null }
  | {
      readonly type: 'covered'
      readonly statement: string
      readonly at: string | null
      readonly lines: readonly string[]
    }
  | { readonly type: 'run phase'; readonly step: StageProgress }
  | { readonly type: 'ran'; readonly report: Report; readonly plan: Plan }
  | { readonly type: 'read runs'; readonly runs: readonly RunSummary[] }
  | { readonly type: 'verified'; readonly lines: readonly string[] }
  | { readonly type: 'saved'; readonly path: string; readonly file: 'plan' | 'script' }
  | { readonly type: 'exists'; readonly path: string; readonly file: 'plan' | 'script' }
  /** A server wants a password that nothing gives. */
  | { readonly type: 'password wanted'; readonly side: 'live' | 'backup'; readonly label: string }
  /** Nothing more will come. */
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly code: string; readonly error: Message; readonly statement: string | null }

export type Action =
  | { readonly type: 'key'; readonly key: KeyName }
  | { readonly type: 'paste'; readonly text: string }
  | { readonly type: 'resize'; readonly size: Size }
  | { readonly type: 'tick'; readonly now: number }
  /** A frame is on the terminal; it showed this state. */
  | { readonly type: 'painted'; readonly state: State }
  /** Somebody outside wants it to end: a signal. */
  | { readonly type: 'end' }
  | { readonly type: 'result'; readonly ticket: number; readonly now: number; readonly result: Result }

/** Work that is done with a ticket: its results say which. */
export type Work =
  | {
      readonly kind: 'connect'
      readonly addresses: Addresses
      readonly passwords: Passwords
      readonly follow: State['follow']
    }
  | { readonly kind: 'incidents'; readonly without: readonly string[] }
  /** Looking for overwritten rows, table by table; `done` of `total` rows have been looked at. */
  | {
      readonly kind: 'overwritten'
      readonly tables: readonly { readonly table: string; readonly rows: number }[]
      readonly done: number
      readonly total: number
    }
  | { readonly kind: 'tables' }
  | { readonly kind: 'count'; readonly tables: readonly string[]; readonly states: TableCounts['states'] }
  | { readonly kind: 'list'; readonly source: RowsSource }
  | {
      readonly kind: 'view'
      readonly source: RowsSource
      readonly list: RowList
      readonly filter: string
      readonly sort: Sort | null
    }
  | { readonly kind: 'page'; readonly source: RowsSource; readonly list: RowList; readonly indexes: readonly number[] }
  | { readonly kind: 'row'; readonly table: string; readonly key: string }
  | {
      readonly kind: 'plan'
      readonly picks: Picks
      readonly chosen: Chosen
      readonly answers: State['answers']
      /** Tables that were not looked at when the incidents were found. */
      readonly without: readonly string[]
      /** The table of each incident that overwrote rows, by its id. */
      readonly overwrote?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'statement'; readonly statement: string; readonly at: string | null }
  | { readonly kind: 'run'; readonly plan: Plan; readonly rehearse: boolean; readonly confirm: string | null }
  | { readonly kind: 'undo'; readonly run: string | null }
  | { readonly kind: 'runs' }
  | { readonly kind: 'verify'; readonly run: string }
  | {
      readonly kind: 'save'
      readonly file: 'plan' | 'script'
      readonly path: string
      readonly plan: Plan
      readonly replace: boolean
    }

export type Effect =
  | { readonly do: 'work'; readonly ticket: number; readonly work: Work }
  | { readonly do: 'cancel'; readonly ticket: number }
  /** To the clipboard, by the terminal (OSC 52). */
  | { readonly do: 'copy'; readonly text: string }
  | { readonly do: 'suspend' }
  | { readonly do: 'leave' }

/** The state after an action, and what is to be done. */
export type Transition = readonly [state: State, ...effects: readonly Effect[]]
