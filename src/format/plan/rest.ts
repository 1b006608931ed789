/** What becomes of rows that a plan does not write: those that are back or there already, and those that stay out, with why. */
import { countLeftOut } from '../../data.ts'
import type { StaysOut, StaysOutReason } from '../../plan/left-out.ts'
import type { MissingToo, Plan } from '../../plan/plan.ts'
import { firstOf, formatColumn, formatKey, formatTable, keyRows } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { whyAlsoMissing } from '../reasons/also-missing.ts'
import { commandBack } from '../reasons/elsewhere.ts'
import { wordLeftOut } from '../reasons/left-out.ts'
import { sanitise } from '../sanitise.ts'
import { formatRowKeys } from './step.ts'

/** One line: what, table, rows, and the words. */
type Cells = readonly string[]

/** Groups of rows that stay out are told apart up to this many. */
const most = 12

interface Back {
  readonly table: string
  readonly backup: string
  readonly live: string
  /** It never went: its key was changed. */
  readonly isRenamed: boolean
}

/** Rows that an earlier run has brought back: selected ones, and parents of others. */
export const readBack = (plan: Plan): readonly Back[] => {
  const parents = plan.standIns
    .filter(({ why }) => why === 'restored' || why === 'renamed')
    .flatMap(({ table, why, backup, live }) => {
      const keys = keyRows(live)
      const isRenamed = why === 'renamed'
      return keyRows(backup).map((key, row) => {
        return { table, backup: formatKey(key), live: formatKey(keys[row] ?? []), isRenamed }
      })
    })
  const asked = plan.conflicts
    .filter(({ kind, of, id }) => kind === 'looks restored' && of === undefined && plan.answers[id] === 'skip')
    .map(({ table, key, live, isRenamed = false }) => {
      return { table, backup: sanitise(key), live: sanitise(live[0] ?? ''), isRenamed }
    })
  // Of which somebody must say first whether they are.
  const doubted = new Set(
    plan.conflicts.flatMap(({ kind, table, key }) => (kind === 'parent changed' ? [`${table} ${sanitise(key)}`] : [])),
  )
  const back = new Map([...parents, ...asked].map((row) => [`${row.table} ${row.backup}`, row]))
  return [...back].flatMap(([name, row]) => (doubted.has(name) ? [] : [row]))
}

const formatBack = (plan: Plan): readonly Cells[] =>
  [...Map.groupBy(readBack(plan), ({ table, isRenamed }) => JSON.stringify([table, isRenamed])).values()].map(
    (rows) => {
      const [{ table, isRenamed } = { table: '', isRenamed: false }] = rows
      const moves = rows.map(({ backup, live }) => `${backup} → ${live}`)
      const [first = ''] = rows.map(({ live }) => live)
      const some = [...moves.slice(0, 8), ...(moves.length > 8 ? ['…'] : [])].join(' · ')
      return [
        isRenamed ? 'is there' : 'is back',
        formatTable(table),
        formatCount(rows.length),
        rows.length === 1
          ? `as live row ${first}${isRenamed ? `: the key ${rows[0]?.backup} was changed` : ''}`
          : `as other live rows${isRenamed ? ', whose keys were changed' : ''} · ${some}`,
      ]
    },
  )

/** Links that live has already are said to be linked, once. */
const isLinked = (plan: Plan, { table, backup }: Plan['standIns'][number]): boolean =>
  plan.alreadyLinked.some((linked) => linked.table === table && linked.rows >= keyRows(backup).length)

/** Live rows that stand in for rows which are not back. */
export const readStandIns = (plan: Plan): Plan['standIns'] =>
  plan.standIns.filter(
    (standIns) =>
      standIns.why !== 'restored' &&
      standIns.why !== 'renamed' &&
      keyRows(standIns.backup).length > 0 &&
      !isLinked(plan, standIns),
  )

const formatStandIns = (plan: Plan): readonly Cells[] =>
  readStandIns(plan).map(({ table, why, backup, live }) => {
    const count = keyRows(backup).length
    if (why === 'moved') {
      const words = `live has ${count === 1 ? 'it' : 'them'} with other values to refer to: references follow`
      return ['follows', formatTable(table), formatCount(count), `${words} · ${formatRowKeys(backup, live)}`]
    }
    const [rows, them] = count === 1 ? ['a live row', 'it'] : ['live rows', 'them']
    const words = `${rows} in place of the backup's: what belongs there goes to ${them}`
    return ['stands in', formatTable(table), formatCount(count), `${words} · ${formatRowKeys(backup, live)}`]
  })

/** So many lines tell which parents changed in which columns; where there are more, one tells it of all. */
const mostAttached = 4

type AttachedRows = NonNullable<Plan['attached']>[number]

const attachedCells = (group: readonly AttachedRows[]): Cells => {
  const parents = group.flatMap(({ keys }) => keyRows(keys)).map(formatKey)
  const rows = group.reduce((sum, own) => sum + own.rows, 0)
  const columns = [...new Set(group.flatMap((own) => own.columns))].map(formatColumn).join(', ')
  const [go, them] = [rows === 1 ? 'goes' : 'go', parents.length === 1 ? 'it' : 'them']
  const changed = `which changed since the backup${group.length === 1 ? '' : ' in some of'}: ${columns}`
  const words = `${plural(rows, 'row')} of ${formatTable(group[0]?.child ?? '')} ${go} to ${them}, ${changed}`
  return ['attached', formatTable(group[0]?.table ?? ''), formatCount(parents.length), `${words} · ${firstOf(parents)}`]
}

/** Changed live rows that rows of the plan come to refer to. */
const formatAttached = ({ attached = [] }: Plan): readonly Cells[] =>
  [...Map.groupBy(attached, ({ via, child }) => JSON.stringify([via, child])).values()].flatMap((group) =>
    group.length > mostAttached ? [attachedCells(group)] : group.map((own) => attachedCells([own])),
  )

/** Live rows that belonged to what comes back. */
const formatElsewhere = ({ elsewhere = [] }: Plan): readonly Cells[] =>
  elsewhere.map(({ table, parent, rows, before, now, givesBack }) => {
    const command = commandBack(table, givesBack)
    const [to, them] = [formatTable(parent), rows === 1 ? 'it' : 'them']
    const values = (row: typeof now): string => formatKey(row.map((value) => value ?? ''))
    const words =
      command === null
        ? `live has ${them} under other rows of ${to} by now`
        : `live has ${them} under ${to} ${values(now)} by now; back to ${values(before)}: ${sanitise(command)}`
    return ['elsewhere', formatTable(table), formatCount(rows), words]
  })

/** What both a plan and a report say about rows that stay out. */
interface LeftOut {
  readonly leftOut: readonly StaysOut[]
}

/** Whether the flags that help are named. The interface has keys for them. */
export type Helps = 'flags' | 'unsaid'

/** The other end of a link is the reason. */
type EndReason = Extract<StaysOutReason, { readonly kind: 'end gone' | 'end barred' }>

const isEnd = (reason: StaysOutReason | undefined): reason is EndReason =>
  reason?.kind === 'end gone' || reason?.kind === 'end barred'

const canPull = (reason: EndReason | undefined): boolean => reason?.kind === 'end gone' && reason.canPull

/** Why a row stays out, without the row. */
const whyOf = ({ table, why = '', reason }: StaysOut, helps: Helps): string => {
  if (reason === undefined) return sanitise(why)
  const { words, help } = wordLeftOut(table, reason, formatTable)
  return sanitise(helps === 'flags' ? words + help : words)
}

/** One reason for several rows: links whose other ends are rows of one table stay out for one reason. */
const reasonOf = (row: StaysOut): string => {
  const { table, reason } = row
  return JSON.stringify([table, isEnd(reason) ? [reason.kind, reason.table, canPull(reason)] : whyOf(row, 'flags')])
}

const formatReason = (rows: readonly StaysOut[], helps: Helps): string => {
  const reasons = [...new Set(rows.map((row) => whyOf(row, helps)))]
  const [only = ''] = reasons
  if (reasons.length === 1) return only
  const gone = rows.flatMap(({ reason }) => (isEnd(reason) ? [reason] : []))
  const ends = firstOf([...new Set(gone.map(({ key }) => sanitise(key)))])
  const help = helps === 'flags' && canPull(gone[0]) ? '; --links pull brings them along' : ''
  const barred = 'are gone from live, and must not come back ("never" in the config file)'
  const what = gone[0]?.kind === 'end barred' ? barred : `are gone from live too${help}`
  return `${formatTable(gone[0]?.table ?? '')} ${ends} ${what}`
}

interface Group {
  readonly table: string
  readonly rows: readonly StaysOut[]
  readonly why: string
  /** They stay out for one reason. */
  readonly isOne: boolean
}

/** One group for those of one table that stay out for different reasons, when there are many. */
const groupLeftOut = ({ leftOut }: LeftOut, helps: Helps): readonly Group[] => {
  const groups = [...Map.groupBy(leftOut, reasonOf).values()]
  if (groups.length <= most) {
    return groups.map((rows) => ({ rows, table: rows[0]?.table ?? '', why: formatReason(rows, helps), isOne: true }))
  }
  return [...Map.groupBy(leftOut, ({ table }) => table)].map(([table, rows]) => {
    const reasons = new Set(rows.map((row) => whyOf(row, helps)))
    const some = [...reasons].slice(0, 3).join('; ')
    const why = reasons.size > 3 ? `${some}; and ${formatCount(reasons.size - 3)} more reasons` : some
    return { rows, table, why, isOne: false }
  })
}

/** Why rows stay out: the first reason, where there are several. */
export const formatWhyLeftOut = (plan: LeftOut, helps: Helps): string => groupLeftOut(plan, helps)[0]?.why ?? ''

/** Rows that stay out, by table and reason. */
export const formatLeftOut = (plan: LeftOut, helps: Helps = 'flags'): readonly Cells[] =>
  groupLeftOut(plan, helps).map(({ rows, table, why, isOne }) => {
    const keys = firstOf(rows.map(({ key }) => sanitise(key)))
    const counts = rows.map(countLeftOut)
    const isKnown = counts.every((count) => count !== null)
    const count = isKnown ? formatCount(counts.reduce((sum, own) => sum + own, 0)) : 'some'
    // Nobody can say which rows.
    return ['left out', formatTable(table), count, isOne && keys !== '*' ? `${why} · ${keys}` : why]
  })

/** What was asked for and the backup does not have, one line per table. */
export const formatNotInBackup = (plan: Pick<Plan, 'notInBackup'>): readonly Cells[] =>
  [...Map.groupBy(plan.notInBackup, ({ table }) => table)].map(([table, rows]) => {
    const keys = firstOf(rows.map(({ key }) => sanitise(key)))
    return ['not there', formatTable(table), formatCount(rows.length), `the backup does not have ${keys}`]
  })

const formatUnchanged = (plan: Plan): readonly Cells[] =>
  plan.unchanged.map(({ table, rows }) => [
    'the same',
    formatTable(table),
    formatCount(rows),
    `live has ${rows === 1 ? 'it' : 'them'} unchanged`,
  ])

/** Why rows that are missing too do not come along. */
export const formatMissingToo = (rows: MissingToo, { options }: Plan): string =>
  sanitise(whyAlsoMissing(rows, options, formatTable))

const formatAlsoMissing = (plan: Plan): readonly Cells[] =>
  [...Map.groupBy(plan.alsoMissing, (rows) => JSON.stringify([rows.table, formatMissingToo(rows, plan)])).values()].map(
    (group) => {
      const why = group[0] === undefined ? '' : formatMissingToo(group[0], plan)
      const isFollowing = group[0]?.via === ''
      const isWhole = isFollowing || group[0]?.reason === 'needed'
      return [
        isFollowing ? 'left out' : 'missing',
        formatTable(group[0]?.table ?? ''),
        formatCount(group.reduce((sum, { rows }) => sum + rows, 0)),
        isWhole ? why : `belonged to it too (${why})`,
      ]
    },
  )

const whyNotFollowed: Readonly<Record<Plan['notFollowed'][number]['why'], string>> = {
  'unknown type': 'no table is known for it',
  'not approved': 'it waits for a word in the config file: see "rowgraft tables"',
  'refers to it': 'they refer to rows that come back; it waits for a word in the config file: see "rowgraft tables"',
}

const formatNotFollowed = (plan: Plan): readonly Cells[] =>
  plan.notFollowed.map(({ table, typeColumn, idColumn, type, rows, why }) => [
    'no relation',
    formatTable(table),
    formatCount(rows),
    `${formatColumn(idColumn)} of ${formatColumn(typeColumn)} ${sanitise(type)} is not followed: ${whyNotFollowed[why]}`,
  ])

const formatLost = (plan: Plan): readonly Cells[] =>
  plan.lost
    .filter(({ values }) => values > 0)
    .map(({ table, column, values }) => [
      'lost',
      formatTable(table),
      formatCount(values),
      `${values === 1 ? 'value' : 'values'} of ${formatColumn(column)}, a column that live no longer has`,
    ])

/** Everything about rows that the plan does not write. */
export const formatRest = (plan: Plan, helps: Helps = 'flags'): readonly Cells[] => {
  const others = [
    ...plan.alreadyLinked.map(({ table, rows }) => ['linked', formatTable(table), formatCount(rows), 'linked already']),
    ...formatLeftOut(plan, helps),
    ...formatNotInBackup(plan),
    ...formatElsewhere(plan),
    ...formatAlsoMissing(plan),
    ...formatNotFollowed(plan),
    ...formatLost(plan),
  ]
  const before = [...formatBack(plan), ...formatStandIns(plan), ...formatAttached(plan)]
  // Where the headline has said it, and there is nothing to tell it from, it need not be said again.
  const isSaid = plan.steps.length + before.length + others.length === 0 && plan.unchanged.length === 1
  return [...before, ...(isSaid ? [] : formatUnchanged(plan)), ...others]
}
