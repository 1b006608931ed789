/** What each kind of work asks the engine, and what it tells of the answer. */
import { displayKey } from '../../data.ts'
import { formatCoverage } from '../../format/plan/coverage.ts'
import { formatVerify } from '../../format/run/runs.ts'
import { plainStyle } from '../../format/style.ts'
import type { Plan, ProgressEvent, Rowgraft, RowReport, RunOptions } from '../../index.ts'
import { packKey } from '../../keys/key.ts'
import type { Result, Work } from '../state/actions.ts'
import type { RowDetails } from '../state/row-details.ts'
import { buildSelection } from './selection.ts'

/** What the work reaches for beside the databases. */
export interface Surroundings {
  readonly exists: (path: string) => Promise<boolean>
  readonly savePlan: (path: string, plan: Plan) => Promise<void>
  readonly saveScript: (path: string, rowgraft: Rowgraft, plan: Plan) => Promise<void>
  /** Of every run. */
  readonly runOptions: Partial<RunOptions>
}

interface Doing {
  readonly signal: AbortSignal
  readonly onProgress: (event: ProgressEvent) => void
  readonly emit: (result: Result) => void
  readonly surroundings: Surroundings
}

type Of<K extends Work['kind']> = Extract<Work, { kind: K }>

const setting = { width: 90, style: plainStyle }

const count = async (
  rowgraft: Rowgraft,
  { tables, states }: Of<'count'>,
  { signal, onProgress, emit }: Doing,
): Promise<void> => {
  const wanted = states === 'keys' ? { states: ['missing', 'extra'] as const } : {}
  for await (const diff of rowgraft.diff({ tables, ...wanted }, { signal, onProgress }))
    emit({ type: 'counted', states, diff })
}

const page = async (
  rowgraft: Rowgraft,
  { source, list, indexes }: Of<'page'>,
  { signal, emit }: Doing,
): Promise<void> => {
  const found = await rowgraft.values(list, indexes, { signal })
  const values = indexes.flatMap((index, position): readonly (readonly [number, RowReport])[] => {
    const row = found[position]
    return row === undefined ? [] : [[index, row]]
  })
  emit({ type: 'read values', source, list, values })
}

/** The row, and what the rows it refers to are called. */
const readRow = async (rowgraft: Rowgraft, { table, key }: Of<'row'>, { signal }: Doing): Promise<RowDetails> => {
  const shown = await rowgraft.show(table, key, { signal })
  const references = await rowgraft.references(table, key, { signal })
  const parents = references.map((own) => ({
    columns: own.columns,
    table: own.table,
    key: displayKey(packKey(own.key)),
  }))
  const labels = Object.fromEntries(
    references.flatMap(({ columns, label }) => {
      const [column] = columns
      return columns.length === 1 && column !== undefined && label !== null ? [[column, label] as const] : []
    }),
  )
  return { table, key, shown, labels, parents }
}

const save = async (
  rowgraft: Rowgraft,
  { file, path, plan, replace }: Of<'save'>,
  { emit, surroundings }: Doing,
): Promise<void> => {
  if (!replace && (await surroundings.exists(path))) {
    emit({ type: 'exists', path, file })
    return
  }
  if (file === 'plan') await surroundings.savePlan(path, plan)
  else await surroundings.saveScript(path, rowgraft, plan)
  emit({ type: 'saved', path, file })
}

const findIncidents = async (
  rowgraft: Rowgraft,
  { without }: Of<'incidents'>,
  { signal, onProgress, emit }: Doing,
): Promise<void> => {
  const since = Date.now()
  const report = await rowgraft.incidents({ without }, { signal, onProgress })
  emit({ type: 'found incidents', report, took: Date.now() - since })
}

/** One table after the other: each is told as it is found, and where this gives way it goes on with the next. */
const findOverwritten = async (
  rowgraft: Rowgraft,
  { tables, done, total }: Of<'overwritten'>,
  { signal, onProgress, emit }: Doing,
): Promise<void> => {
  const since = Date.now()
  let before = done
  for (const { table, rows } of tables) {
    const start = before
    const call = {
      signal,
      onProgress: (event: ProgressEvent): void =>
        onProgress(
          event.kind === 'plan' && event.stage === 'overwritten'
            ? {
                ...event,
                done: Math.floor((100 * start + event.done * rows) / Math.max(1, total)),
                total: null,
                elapsed: Date.now() - since,
              }
            : event,
        ),
    }
    const report = await rowgraft.overwritten({ tables: [table], large: 'look' }, call)
    emit({ type: 'found overwritten', table, report })
    before += rows
  }
}

const list = async (rowgraft: Rowgraft, { source }: Of<'list'>, { signal, onProgress, emit }: Doing): Promise<void> => {
  const call = { signal, onProgress }
  const found =
    source.incident === null
      ? await rowgraft.list(source.table, {}, call)
      : await rowgraft.incidentRows(source.incident, source.table, call)
  emit({ type: 'listed', source, list: found })
}

const view = async (
  rowgraft: Rowgraft,
  { source, list, filter, sort }: Of<'view'>,
  { signal, onProgress, emit }: Doing,
): Promise<void> => {
  const isPlain = filter === '' && sort === null
  const found = isPlain ? null : await rowgraft.view(list, { filter, sort }, { signal, onProgress })
  emit({ type: 'viewed', source, view: found, filter, sort })
}

/** Plans what a statement did, only to tell what that was. */
const cover = async (
  rowgraft: Rowgraft,
  { statement, at }: Of<'statement'>,
  { signal, onProgress, emit }: Doing,
): Promise<void> => {
  const selection = { selectors: [{ by: 'statement', statement, at }], columns: null } as const
  const plan = await rowgraft.plan(selection, {}, {}, { signal, onProgress })
  const told = formatCoverage(plan, setting.width).map((text) => text.trim())
  const lines = [...told, '', 'It is picked:  r  reviews what would come back,  A  drops all picks.']
  emit({ type: 'covered', statement, at, lines })
}

const run = async (
  rowgraft: Rowgraft,
  { plan, rehearse, confirm }: Of<'run'>,
  { signal, onProgress, emit, surroundings }: Doing,
): Promise<void> => {
  const options = { ...surroundings.runOptions, rehearse, confirm }
  emit({ type: 'ran', report: await rowgraft.run(plan, options, { signal, onProgress }), plan })
}

/** Does one piece of work. Throws what the engine throws. */
export const performWork = async (
  rowgraft: Rowgraft,
  work: Exclude<Work, Of<'connect'>>,
  doing: Doing,
): Promise<void> => {
  const { signal, onProgress, emit } = doing
  const call = { signal, onProgress }
  switch (work.kind) {
    case 'incidents':
      return findIncidents(rowgraft, work, doing)
    case 'overwritten':
      return findOverwritten(rowgraft, work, doing)
    case 'tables':
      return emit({ type: 'read tables', tables: await rowgraft.tables({}, call) })
    case 'count':
      return count(rowgraft, work, doing)
    case 'list':
      return list(rowgraft, work, doing)
    case 'view':
      return view(rowgraft, work, doing)
    case 'page':
      return page(rowgraft, work, doing)
    case 'row':
      return emit({ type: 'read row', details: await readRow(rowgraft, work, doing) })
    case 'plan': {
      const selection = await buildSelection(rowgraft, work, call)
      const plan = await rowgraft.plan(selection, work.chosen, work.answers, call)
      return emit({ type: 'planned', plan, undoes: null })
    }
    case 'statement':
      return cover(rowgraft, work, doing)
    case 'run':
      return run(rowgraft, work, doing)
    case 'undo': {
      const plan = await rowgraft.undoPlan(work.run ?? undefined, {}, call)
      return emit({ type: 'planned', plan, undoes: plan.undoes })
    }
    case 'runs':
      return emit({ type: 'read runs', runs: await rowgraft.runs(call) })
    case 'verify': {
      const report = await rowgraft.verify(work.run, call)
      return emit({ type: 'verified', lines: formatVerify(report, setting).trimEnd().split('\n') })
    }
    case 'save':
      return save(rowgraft, work, doing)
  }
}
