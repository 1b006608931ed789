/** A number that was added to a column, or by which it was multiplied. Pure. */
import { sql } from 'kysely'
import { type Query, serverText } from '../../../database/names.ts'
import { type Expression, mostFrequent, type Pair, type Subject, valuesOf } from './expression.ts'

const integer = /^(smallint|integer|bigint)$/
const float = /^(real|double precision)$/

/** Digits behind the point with which a column keeps its values; null where it keeps all of them. */
const scaleOf = ({ baseType, type }: Subject['type']): number | null => {
  if (integer.test(baseType)) return 0
  const [, scale] = /^numeric\(\d+,(-?\d+)\)$/.exec(type) ?? []
  return scale === undefined ? null : Number(scale)
}

/** The value as the column keeps it: no overflow, and rounded as an assignment rounds. */
const kept = ({ type }: Subject, value: Query): Query => {
  const scale = scaleOf(type)
  if (type.baseType === 'real') return sql`(${value})::real::text`
  return scale === null ? sql`(${value})::text` : sql`pg_catalog.round(${value}, ${sql.lit(scale)})::text`
}

/** Floats overflow with an error: those that could are let alone. */
const guarded = ({ type, own }: Subject, value: Query): Query =>
  float.test(type.baseType) ? sql`case when pg_catalog.abs(${own}) < 1e30 then ${value} end` : value

/** The column and a number with an operator between them. */
const calculated = (subject: Subject, operator: '+' | '*' | '/', by: string): Query => {
  const wide = float.test(subject.type.baseType) ? 'double precision' : 'numeric'
  const operands = [sql`${subject.own}::${serverText(wide)}`, sql`${by}::${serverText(wide)}`] as const
  if (operator === '/' && integer.test(subject.type.baseType))
    return sql`pg_catalog.div(${operands[0]}, ${operands[1]})::text`
  const value = sql`${operands[0]} ${sql.raw(operator)} ${operands[1]}`
  return guarded(subject, kept(subject, value))
}

interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

const parse = (text: string): Decimal | null => {
  const [, sign = '', whole, part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  return whole === undefined ? null : { digits: BigInt(`${sign}${whole}${part}`), scale: part.length }
}

const write = ({ digits, scale }: Decimal): string => {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  const part = text.slice(text.length - scale).replace(/0+$/, '')
  const whole = text.slice(0, text.length - scale)
  return `${digits < 0n ? '-' : ''}${whole}${scale === 0 || part === '' ? '' : `.${part}`}`
}

const subtract = (a: Decimal, b: Decimal): Decimal => {
  const scale = Math.max(a.scale, b.scale)
  const at = ({ digits, scale: own }: Decimal): bigint => digits * 10n ** BigInt(scale - own)
  return { digits: at(a) - at(b), scale }
}

/** What the rows have in common that was added. Differences of floats are told by the digits that they are sure of. */
const sums = (subject: Subject, values: readonly (readonly [string, string])[]): readonly Expression[] => {
  const isFloat = float.test(subject.type.baseType)
  const differences = values.flatMap(([old, own]) => {
    if (isFloat)
      return [String(Number((Number(own) - Number(old)).toPrecision(subject.type.baseType === 'real' ? 5 : 12)))]
    const [before, after] = [parse(old), parse(own)]
    return before === null || after === null ? [] : [write(subtract(after, before))]
  })
  return mostFrequent(
    differences.filter((own) => own !== '0' && parse(own) !== null),
    2,
  ).map((by) => ({
    sql: by.startsWith('-') ? `${subject.shown} - ${by.slice(1)}` : `${subject.shown} + ${by}`,
    value: calculated(subject, '+', by),
  }))
}

/** Factors that would make of one number the other, as it is kept. */
const factorsBetween = ({ type }: Subject, old: number, own: number): readonly [number, number] => {
  const scale = scaleOf(type)
  const slack =
    scale === null
      ? Math.abs(own) * (type.baseType === 'real' ? 1e-6 : 1e-13)
      : 0.5 * 10 ** -scale + Math.abs(own) * 1e-15
  const bounds = [(own - slack) / old, (own + slack) / old]
  return [Math.min(...bounds), Math.max(...bounds)]
}

/** The range of factors that most rows agree on: from the narrowest one, each that meets it makes it narrower. */
const commonFactors = (
  subject: Subject,
  values: readonly (readonly [string, string])[],
): readonly [number, number] | null => {
  const ranges = values
    .map(([old, own]) => [Number(old), Number(own)] as const)
    .filter(([old, own]) => Number.isFinite(old) && Number.isFinite(own) && old !== 0)
    .map(([old, own]) => factorsBetween(subject, old, own))
    .sort(([a, b], [c, d]) => b - a - (d - c))
  const middle = ranges[Math.floor(ranges.length / 8)]
  let common = middle ?? null
  for (const [least, most] of ranges) {
    if (common === null || least > common[1] || most < common[0]) continue
    common = [Math.max(least, common[0]), Math.min(most, common[1])]
  }
  return common
}

/** The factors in a range that have fewest digits behind the point. */
const simplest = ([least, most]: readonly [number, number]): readonly string[] => {
  for (let digits = 0; digits <= 8; digits++) {
    const unit = 10 ** digits
    const first = Math.ceil(least * unit - 1e-9)
    const found = Array.from({ length: 6 }, (_, place) => first + place).filter((own) => own / unit <= most + 1e-12)
    if (found.length > 0) return found.map((own) => (own / unit).toFixed(digits))
  }
  return []
}

const products = (subject: Subject, values: readonly (readonly [string, string])[]): readonly Expression[] => {
  const common = commonFactors(subject, values)
  if (common === null) return []
  const factors = simplest(common).filter((by) => Number(by) !== 1 && Number(by) !== 0)
  const [divisor] = common[0] > 0 ? simplest([1 / common[1], 1 / common[0]]) : []
  const isDivided = divisor !== undefined && /^\d+$/.test(divisor) && Number(divisor) > 1
  return [
    ...factors.map((by) => ({
      sql: by === '-1' ? `- ${subject.shown}` : `${subject.shown} * ${by}`,
      value: calculated(subject, '*', by),
    })),
    ...(isDivided ? [{ sql: `${subject.shown} / ${divisor}`, value: calculated(subject, '/', divisor) }] : []),
  ]
}

export const numberExpressions = (subject: Subject, pairs: readonly Pair[]): readonly Expression[] => {
  const { baseType } = subject.type
  if (!integer.test(baseType) && !float.test(baseType) && baseType !== 'numeric') return []
  const values = valuesOf(subject, pairs)
  return [...sums(subject, values), ...products(subject, values)]
}
