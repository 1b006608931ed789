/** What the name and the type of a column say about its values. Pure. */
import type { Column } from '../catalog.ts'

/** Ranges of them are none, though they are called alike. */
const times = /^(date|timestamp with(out)? time zone)$/
const numbers = /^(smallint|integer|bigint|numeric|real|double precision)$/

/** `lastLoginAt`, `last_login_at`, `LAST_LOGIN_AT` and `last_login_at2` are the same words. */
const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=[a-z])\d+$/, ''))

const changingTime =
  /^(updat|modif|changed|edited|touched|sync|seen|log(ged)?in|signin|active|activity|access(ed)?$|visited|refresh|last|latest|[amu]time$)/
const changingNumber =
  /^(counts?|counter|num|n|versions?|revisions?|rev|total|balance|score|views?|hits|likes|votes|position|pos|rank|sort|ordering|lft|rgt|rght|level|depth)$/
const gluedNumber = /^(?!(ac|dis|vis)count).+(count|counter|version|views|hits)$/
const statusWord = /^(status|state|stage|phase)$/

const zero = /^'?\(?0(\.0*)?\)?'?(::.*)?$/

/** True for a column that is there to change: when a row was last touched, its place in a list, what it counts (a number that begins at 0). */
export const isMeantToChange = ({
  name,
  baseType,
  default: start,
}: Pick<Column, 'name' | 'baseType' | 'default'>): boolean => {
  const words = wordsOf(name)
  if (times.test(baseType)) return words.some((word) => changingTime.test(word))
  // An id of something else is no count.
  if (!numbers.test(baseType) || words.at(-1) === 'id') return false
  return zero.test(start ?? '') || words.some((word) => changingNumber.test(word) || gluedNumber.test(word))
}

/** True for a column that holds one of a few values, and goes from one to the next: many rows have the same. */
export const isStatus = (column: Pick<Column, 'name' | 'baseType' | 'typeKind'> | undefined): boolean =>
  column !== undefined &&
  (column.baseType === 'boolean' ||
    column.typeKind === 'enum' ||
    wordsOf(column.name).some((word) => statusWord.test(word)))

/** True where the values are days or points in time. */
export const isTime = (column: Pick<Column, 'baseType'> | undefined): boolean =>
  column !== undefined && times.test(column.baseType)

/** True where the values are points in time, rather than days. */
export const isInstant = (column: Pick<Column, 'baseType'> | undefined): boolean =>
  isTime(column) && column?.baseType !== 'date'

/** True for whole and other numbers. */
export const isNumber = (column: Pick<Column, 'baseType'> | undefined): boolean =>
  column !== undefined && numbers.test(column.baseType)
