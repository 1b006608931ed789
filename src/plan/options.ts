/** What the user chose beside the rows: part of every plan. Plain data. */
import type { MappedLabel, SetValue } from '../catalog/edits.ts'
import type { Answer } from './finding.ts'

export interface PlanOptions {
  readonly parents: 'restore' | 'stop' | 'null'
  readonly children: 'all' | 'cascade' | 'none'
  readonly links: 'existing' | 'pull' | 'none'
  readonly relink: 'evidence' | 'all' | 'none'
  /** Table ids left out. */
  readonly without: readonly string[]
  readonly keys: 'auto' | 'keep' | 'new'
  /** The answer to every conflict of a row (`public.photo:7`) or of a table (`public.photo`); `*` for all others. */
  readonly onConflict: Readonly<Record<string, Answer>>
  /** Insert rows again that look restored already. */
  readonly again: boolean
  readonly forOthers: boolean // another role will run it: what this one lacks is no obstacle
  /** Triggers that reach outside: fire them, or switch triggers off; null is undecided. */
  readonly triggers: 'fire' | 'off' | null
  /** `table.column` that a trigger may change on inserted rows. */
  readonly acceptTrigger: readonly string[]
  /** `table.column` whose values live's type may round; absent in plans of before. */
  readonly acceptRounding?: readonly string[]
  /** What every restored row of a table gets in a column. */
  readonly set: readonly SetValue[]
  /** What enum labels become. */
  readonly mapEnum: readonly MappedLabel[]
  /** The role that the run becomes on live; null is the one that connects. */
  readonly role: string | null
  /** Settings on live inside the run's transaction. */
  readonly settings: Readonly<Record<string, string>>
  /** The config file's SQL inside the run's transaction: before anything is written, and after all of it is. */
  readonly hooks: { readonly before: readonly string[]; readonly after: readonly string[] }
}

export const defaultPlanOptions: PlanOptions = {
  parents: 'restore',
  children: 'all',
  links: 'existing',
  relink: 'evidence',
  without: [],
  keys: 'auto',
  onConflict: {},
  again: false,
  forOthers: false,
  triggers: null,
  acceptTrigger: [],
  set: [],
  mapEnum: [],
  role: null,
  settings: {},
  hooks: { before: [], after: [] },
}
