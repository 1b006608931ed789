/**
 * What data that is read back must look like: schemas of exactly the types of the code. Every name of a type has its entry, so that
 * neither a field nor a word of a type can be added without one. Pure.
 */
import * as v from 'valibot'
import { isServerText } from './server-text.ts'

/** A schema of this type: neither of some of its values alone, nor of others. */
export interface Shape<T> extends v.GenericSchema<unknown, T> {
  readonly '~exactly'?: (value: T) => T
}

/** The shape of something that may be absent. */
export type Optional<T> = v.ExactOptionalSchema<Shape<T>, undefined>

/** A shape for every name of an object. */
export type Entries<T> = {
  readonly [Name in keyof T]-?: Record<never, never> extends Pick<T, Name>
    ? Optional<Exclude<T[Name], undefined>>
    : Shape<T[Name]>
}

/** Words for people, whatever is in them. */
export const words: Shape<string> = v.string('is not a text')

/** Text that the server can hold: a name, or a value. */
export const text: Shape<string> = v.custom<string>(isServerText, 'is not a text that the server can hold')

export const name: Shape<string> = v.custom<string>(
  (value) => isServerText(value) && value !== '',
  'is not a text that is a name',
)

/** A text that looks like this. */
export const pattern = (looks: RegExp, what: string): Shape<string> =>
  v.custom<string>((value) => typeof value === 'string' && looks.test(value), `is not ${what}`)

/** An integer of 64 bits as the server prints it. */
export const isInteger64 = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^(?:0|-?[1-9]\d{0,18})$/.test(value) &&
  (value.length < 19 || BigInt.asIntN(64, BigInt(value)) === BigInt(value))

export const flag: Shape<boolean> = v.boolean('is neither true nor false')

/** A whole number that is not negative. */
export const count: Shape<number> = v.custom<number>(
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  'is not a whole number that counts something',
)

/** This value alone. */
export const only = <const T extends string | number | boolean>(value: T): Shape<T> =>
  v.literal(value, `is not ${JSON.stringify(value)}`) as Shape<T>

/** One of the words listed. */
export const oneOf = <T extends string>(words: readonly T[]): Shape<T> =>
  v.custom<T>((value) => words.some((word) => word === value), `is not one of ${words.join(', ')}`)

/** The same of a type that has no list: the compiler names the word that is forgotten. */
export const choice = <T extends string>(choices: Readonly<Record<T, true>>): Shape<T> =>
  v.custom<T>(
    (value) => typeof value === 'string' && Object.hasOwn(choices, value),
    `is not one of ${Object.keys(choices).join(', ')}`,
  )

/** Of either shape. */
export const either = <A, B>(one: Shape<A>, other: Shape<B>, message: string): Shape<A | B> =>
  v.union([one, other], message) as unknown as Shape<A | B>

export const nullable = <T>(shape: Shape<T>): Shape<T | null> => v.nullable(shape) as Shape<T | null>

export const optional = <T>(shape: Shape<T>): Optional<T> => v.exactOptional(shape)

export const listOf = <T>(item: Shape<T>): Shape<readonly T[]> =>
  v.array(item, 'is not a list') as unknown as Shape<readonly T[]>

/** Names, at least one of them and each once. */
export const names: Shape<readonly string[]> = v.custom<readonly string[]>(
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => isServerText(one) && one !== '') &&
    new Set(value).size === value.length,
  'is not a list of names, each of them once',
)

/** Texts of the server, of which there may be millions. */
export const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isServerText)

export const texts: Shape<readonly string[]> = v.custom<readonly string[]>(
  isTexts,
  'is not a list of texts that the server can hold',
)

/** Positions from 0, rising; at least one of them. */
export const positions: Shape<readonly number[]> = v.custom<readonly number[]>(
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((own, index) => Number.isSafeInteger(own) && own > (index === 0 ? -1 : value[index - 1])),
  'is not a list of positions that rise',
)

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const plain = v.custom<object>(isPlain, 'is not an object')

const noName = v.pipe(
  v.unknown(),
  v.check(() => false, 'has a name that is not a text that the server can hold'),
)

/** Something of one shape by names that are anybody's. Names that objects have from birth are names like any other. */
export const record = <T>(value: Shape<T>): Shape<Readonly<Record<string, T>>> =>
  v.pipe(
    plain,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      for (const [key, one] of Object.entries(dataset.value)) {
        const { issues } = v.safeParse(isServerText(key) ? value : noName, one, { abortEarly: true })
        if (issues === undefined) continue
        const [issue] = issues
        const path = { type: 'object', origin: 'value', input: { ...dataset.value }, key, value: one } as const
        addIssue({ message: issue.message, path: [path, ...(issue.path ?? [])] })
        return
      }
    }),
  ) as unknown as Shape<Readonly<Record<string, T>>>

const describeMissing = (issue: { readonly expected: string | null }): string =>
  issue.expected === 'never' ? 'is not known' : issue.expected === 'Object' ? 'is not an object' : 'is missing'

/** An object of these entries and no others. */
export const object = <T>(entries: Entries<T>): Shape<T> =>
  v.strictObject(entries, describeMissing) as unknown as Shape<T>

/** An object of these entries, whatever else is in it. */
export const looseObject = <T>(entries: Entries<T>): Shape<T> =>
  v.looseObject(entries, describeMissing) as unknown as Shape<T>

/** An object whose shape depends on one entry. */
export const variant = <Key extends string, T extends Readonly<Record<Key, string>>>(
  key: Key,
  shapes: { readonly [Kind in T[Key]]: Shape<Extract<T, Readonly<Record<Key, Kind>>>> },
): Shape<T> => {
  const kinds: Readonly<Record<string, v.GenericSchema<unknown>>> = shapes
  const unknown = v.pipe(
    plain,
    v.check(() => false, `has no "${key}" that is one of ${Object.keys(kinds).join(', ')}`),
  )
  return v.lazy((value) => {
    const kind = isPlain(value) && Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : null
    return (typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined) ?? unknown
  }) as unknown as Shape<T>
}

/** Where something is not as it should be, and why: `steps[2].rows`, `is missing`. */
export interface Flaw {
  /** Empty for the whole. */
  readonly place: string
  readonly why: string
}

const plainKey = /^[A-Za-z_]\w*$/

const placeOf = (path: readonly { readonly key: unknown }[]): string =>
  path
    .map(({ key }) => {
      if (typeof key === 'number') return `[${key}]`
      return plainKey.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(key)}]`
    })
    .join('')
    .replace(/^\./, '')

/** The first flaw of a value that is not of a shape; null where it is. */
export const findFlaw = (shape: v.GenericSchema<unknown>, value: unknown): Flaw | null => {
  const { issues } = v.safeParse(shape, value, { abortEarly: true })
  return issues === undefined ? null : { place: placeOf(issues[0].path ?? []), why: issues[0].message }
}

/** True for a value of a shape. */
export const isOf = <T>(shape: Shape<T>, value: unknown): value is T => findFlaw(shape, value) === null
