/** How far a date or a time was moved. Pure. */
import { sql } from 'kysely'
import { serverText } from '../../../database/names.ts'
import { type Expression, mostFrequent, type Pair, type Subject, valuesOf } from './expression.ts'

const timestamp = /^timestamp with(out)? time zone$/

const day = 86_400_000_000n

/** Microseconds since 1970, and the fields as they are printed. */
interface Moment {
  readonly micros: bigint
  readonly months: number
  readonly day: number
  readonly clock: string
}

const parse = (text: string): Moment | null => {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?(?:([+-])(\d\d)(?::(\d\d))?)?$/.exec(
    text,
  )
  if (found === null) return null
  const [, year = '', month = '', date = '', hours = '0', minutes = '0', seconds = '0', part = ''] = found
  const [sign, zoneHours = '0', zoneMinutes = '0'] = found.slice(8)
  const at = Date.UTC(Number(year), Number(month) - 1, Number(date), Number(hours), Number(minutes), Number(seconds))
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -60_000 : 60_000)
  return {
    micros: BigInt(at - offset) * 1_000n + BigInt(part.padEnd(6, '0')),
    months: Number(year) * 12 + Number(month) - 1,
    day: Number(date),
    clock: text.slice(10),
  }
}

/** By how many months one moment lies after another, which may have had to move to the last day of its month. */
const monthsBetween = (old: Moment, own: Moment): number | null => {
  const last = new Date(Date.UTC(Math.floor(own.months / 12), (own.months % 12) + 1, 0)).getUTCDate()
  const fits = own.clock === old.clock && own.day === Math.min(old.day, last)
  return fits && own.months !== old.months ? own.months - old.months : null
}

const units = [
  ['day', day],
  ['hour', day / 24n],
  ['minute', 60_000_000n],
  ['second', 1_000_000n],
] as const

const counted = (count: bigint, unit: string): string => `${count} ${unit}${count === 1n ? '' : 's'}`

/** `1 day`, `90 minutes`; of a length of time without its sign. */
const writeSpan = (micros: bigint): string => {
  const unit = units.find(([, size]) => micros % size === 0n)
  return unit === undefined ? `${micros} microseconds` : counted(micros / unit[1], unit[0])
}

const writeMonths = (months: number): string =>
  months % 12 === 0 ? counted(BigInt(months / 12), 'year') : counted(BigInt(months), 'month')

const movedBy = ({ type, shown, own }: Subject, sign: '+' | '-', span: string): Expression => {
  const moved = sql`${own} ${sql.raw(sign)} ${span}::interval`
  return {
    sql: `${shown} ${sign} interval '${span}'`,
    value: sql`(${moved})::${serverText(type.isDomain ? type.baseType : type.type)}::text`,
  }
}

const dayOnly = ({ shown, own }: Subject, days: bigint): Expression => ({
  sql: days < 0n ? `${shown} - ${-days}` : `${shown} + ${days}`,
  value: sql`(${own} + ${String(days)}::integer)::text`,
})

const truncated = ({ shown, own, type }: Subject): Expression => ({
  sql: `date_trunc('day', ${shown})`,
  value: sql`pg_catalog.date_trunc('day', ${own})::${serverText(type.baseType)}::text`,
})

export const timeExpressions = (subject: Subject, pairs: readonly Pair[]): readonly Expression[] => {
  const { baseType } = subject.type
  if (baseType !== 'date' && !timestamp.test(baseType)) return []
  const moments = valuesOf(subject, pairs).flatMap(([old, own]) => {
    const [before, after] = [parse(old), parse(own)]
    return before === null || after === null ? [] : [[before, after] as const]
  })
  const spans = mostFrequent(
    moments.map(([old, own]) => own.micros - old.micros),
    2,
  ).filter((span) => span !== 0n)
  const months = mostFrequent(
    moments.flatMap(([old, own]) => monthsBetween(old, own) ?? []),
    2,
  )
  return [
    ...spans.map((span) =>
      baseType === 'date'
        ? dayOnly(subject, span / day)
        : movedBy(subject, span < 0n ? '-' : '+', writeSpan(span < 0n ? -span : span)),
    ),
    ...months.map((count) => movedBy(subject, count < 0 ? '-' : '+', writeMonths(Math.abs(count)))),
    ...(baseType !== 'date' && moments.every(([, { clock }]) => clock.startsWith(' 00:00:00'))
      ? [truncated(subject)]
      : []),
  ]
}
