/** What was made of a text: another case, no blanks around it, something before or behind it, a part of it. Pure. */
import { sql } from 'kysely'
import { quote } from '../../../database/names.ts'
import { type Expression, mostFrequent, type Pair, type Subject, valuesOf } from './expression.ts'

const textual = /^(text|character varying|character|name|(.*\.)?"?citext"?)$/

type Values = readonly (readonly [old: string, own: string])[]

const isMost = (values: Values, fits: (old: string, own: string) => boolean): boolean =>
  values.filter(([old, own]) => fits(old, own)).length * 2 >= values.length

const isSameInLower = (old: string, own: string): boolean => old.toLowerCase() === own.toLowerCase()
const isSameTrimmed = (old: string, own: string): boolean => old.trim() === own.trim()
const isSameAsWords = (old: string, own: string): boolean => isSameInLower(old.trim(), own.trim())

/** Functions of one text, as they are called and as they are found. */
const functions: readonly (readonly [name: string, fits: (old: string, own: string) => boolean])[] = [
  ['lower', isSameInLower],
  ['upper', isSameInLower],
  ['initcap', isSameInLower],
  ['trim', isSameTrimmed],
  ['ltrim', isSameTrimmed],
  ['rtrim', isSameTrimmed],
  ['lower(trim', isSameAsWords],
  ['upper(trim', isSameAsWords],
  ['reverse', (old, own) => [...old].reverse().join('') === own],
]

const called = ({ shown, own }: Subject, name: string): Expression => {
  const calls = name.split('(')
  const value = calls.reduceRight(
    (inner, call) => sql`pg_catalog.${sql.raw(call === 'trim' ? 'btrim' : call)}(${inner})`,
    sql`${own}::text`,
  )
  return { sql: `${calls.join('(')}(${shown}${')'.repeat(calls.length)}`, value }
}

const joined = ({ shown, own }: Subject, values: Values): readonly Expression[] => {
  const behind = values.flatMap(([old, now]) => (now.startsWith(old) && now !== old ? [now.slice(old.length)] : []))
  const before = values.flatMap(([old, now]) =>
    now.endsWith(old) && now !== old ? [now.slice(0, -old.length || now.length)] : [],
  )
  return [
    ...mostFrequent(behind, 1).map((text) => ({
      sql: `${shown} || ${quote(text)}`,
      value: sql`${own}::text || ${text}::text`,
    })),
    ...mostFrequent(before, 1).map((text) => ({
      sql: `${quote(text)} || ${shown}`,
      value: sql`${text}::text || ${own}::text`,
    })),
  ]
}

const shortened = ({ shown, own }: Subject, values: Values): readonly Expression[] => {
  const lengths = values.flatMap(([old, now]) =>
    old.startsWith(now) && now !== old && now !== '' ? [[...now].length] : [],
  )
  return mostFrequent(lengths, 1).map((length) => ({
    sql: `left(${shown}, ${length})`,
    value: sql`pg_catalog.left(${own}::text, ${sql.lit(length)})`,
  }))
}

/** How many characters two texts begin with alike; of ends, from behind. */
const alike = (a: string, b: string, at: (text: string, place: number) => string | undefined): number => {
  const most = Math.min(a.length, b.length)
  let length = 0
  while (length < most && at(a, length) === at(b, length)) length++
  return length
}
const fromStart = (text: string, place: number): string | undefined => text[place]
const fromEnd = (text: string, place: number): string | undefined => text.at(-1 - place)

/** The part that differs, and what stands before it. */
const difference = (old: string, own: string) => {
  const start = alike(old, own, fromStart)
  const [oldRest, ownRest] = [old.slice(start), own.slice(start)]
  const end = alike(oldRest, ownRest, fromEnd)
  return {
    head: old.slice(0, start),
    from: oldRest.slice(0, oldRest.length - end),
    to: ownRest.slice(0, ownRest.length - end),
  }
}

/** `replace(url, 'http:', 'https:')`: with what stands before the difference in all rows, where it takes nothing away. */
const replaced = ({ shown, own }: Subject, values: Values): readonly Expression[] => {
  const found = values.map(([old, now]) => difference(old, now))
  const [most] = mostFrequent(
    found.map(({ from, to }) => JSON.stringify([from, to])),
    1,
  )
  if (most === undefined) return []
  const like = found.filter(({ from, to }) => JSON.stringify([from, to]) === most)
  const [{ from, to, head } = { from: '', to: '', head: '' }] = like
  const shared = like.reduce((common, each) => Math.min(common, alike(head, each.head, fromEnd)), head.length)
  const lead = from === '' ? head.slice(head.length - Math.min(shared, 12)) : ''
  const [search, replacement] = [`${lead}${from}`, `${lead}${to}`]
  if (search === '' || !isMost(values, (old, now) => old.replaceAll(search, () => replacement) === now)) return []
  return [
    {
      sql: `replace(${shown}, ${quote(search)}, ${quote(replacement)})`,
      value: sql`pg_catalog.replace(${own}::text, ${search}::text, ${replacement}::text)`,
    },
  ]
}

export const textExpressions = (subject: Subject, pairs: readonly Pair[]): readonly Expression[] => {
  if (!textual.test(subject.type.baseType)) return []
  const values = valuesOf(subject, pairs)
  if (values.length === 0) return []
  return [
    ...functions.filter(([, fits]) => isMost(values, fits)).map(([name]) => called(subject, name)),
    ...joined(subject, values),
    ...shortened(subject, values),
    ...replaced(subject, values),
  ]
}
