/** Documents changed at random: somewhere in their JSON, or somewhere in their bytes. */
import fc from 'fast-check'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** What no serializer writes, and a parser reads as Infinity. */
const infinite = '@@infinite@@'

const deep = (levels: number): Json => (levels === 0 ? 'deep' : [deep(levels - 1)])

/** Values that may stand where others should. */
const strangers: readonly Json[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e15,
  infinite,
  '',
  'x',
  '7',
  '12',
  'a\0b',
  '\ud800',
  '__proto__',
  'constructor',
  'public.nothing',
  'delete',
  'undo',
  'all',
  [],
  {},
  ['7'],
  ['8', '9'],
  [0, 1, 2],
  { integers: '1 1*9' },
  { integers: '1 1*99999999999' },
  deep(150),
]

/** A container, and the name or position of something in it. */
type Place = readonly [Json[] | { [name: string]: Json }, string | number]

const placesOf = (value: Json): readonly Place[] => {
  if (typeof value !== 'object' || value === null) return []
  const own: Place[] = Array.isArray(value)
    ? value.map((_, index) => [value, index] as const)
    : Object.keys(value).map((name) => [value, name] as const)
  return own.flatMap((place) => [place, ...placesOf(get(place))])
}

const get = ([container, name]: Place): Json => (container as { [name: string]: Json })[name] ?? null

const put = ([container, name]: Place, value: Json): void => {
  // Not by assignment, which takes "__proto__" for something else.
  Object.defineProperty(container, name, { value, enumerable: true, configurable: true, writable: true })
}

const remove = ([container, name]: Place): void => {
  if (Array.isArray(container)) container.splice(Number(name), 1)
  else delete container[String(name)]
}

const double = (place: Place): void => {
  const [container, name] = place
  const value = structuredClone(get(place))
  if (Array.isArray(container)) container.splice(Number(name), 0, value)
  else put([container, `${name}2`], value)
}

const edits = ['remove', 'double', 'swap', 'copy', 'replace', 'renumber', 'proto'] as const

export interface Edit {
  readonly edit: (typeof edits)[number]
  readonly at: number
  readonly other: number
}

export const anyEdit: fc.Arbitrary<Edit> = fc.record({
  edit: fc.constantFrom(...edits),
  at: fc.nat(1_000_000),
  other: fc.nat(1_000_000),
})

/** The document with one thing in it changed; `isIn` says where. */
export const editJson = (document: unknown, { edit, at, other }: Edit, isIn = (_path: string) => true): unknown => {
  const value = structuredClone(document) as Json
  const places = placesOf(value).filter(([, name]) => isIn(String(name)))
  const place = places[at % places.length]
  const second = places[other % places.length]
  if (place === undefined || second === undefined) return value
  const [mine, theirs] = [get(place), get(second)]
  if (edit === 'remove') remove(place)
  else if (edit === 'double') double(place)
  else if (edit === 'swap') {
    put(place, structuredClone(theirs))
    put(second, structuredClone(mine))
  } else if (edit === 'copy') put(place, structuredClone(theirs))
  else if (edit === 'replace') put(place, structuredClone(strangers[other % strangers.length] ?? null))
  else if (edit === 'renumber') {
    const step = [1, -1, 1000, -1000][other % 4] ?? 1
    if (typeof mine === 'number') put(place, mine + step)
    else put(place, typeof mine === 'string' && /^-?\d+$/.test(mine) ? String(Number(mine) + step) : step)
  } else put([place[0], '__proto__'], structuredClone(mine))
  return value
}

/** The document as text, numbers that JSON cannot hold included. */
export const writeJson = (value: unknown): string => JSON.stringify(value, null, 1).replaceAll(`"${infinite}"`, '1e999')

const damages = ['flip', 'cut', 'drop', 'insert', 'twice', 'mark', 'utf-16', 'invalid', 'line ends', 'empty'] as const

export interface Damage {
  readonly damage: (typeof damages)[number]
  readonly at: number
  readonly length: number
}

export const anyDamage: fc.Arbitrary<Damage> = fc.record({
  damage: fc.oneof({ weight: 3, arbitrary: fc.constant('flip' as const) }, fc.constantFrom(...damages)),
  at: fc.nat(10_000_000),
  length: fc.integer({ min: 1, max: 40 }),
})

/** The bytes with some of them changed. */
export const damageBytes = (bytes: Buffer, { damage, at, length }: Damage): Buffer => {
  const position = at % Math.max(1, bytes.length)
  const [before, after] = [bytes.subarray(0, position), bytes.subarray(position)]
  if (damage === 'flip') {
    const turned = Buffer.from(bytes)
    turned[position] = (turned[position] ?? 0) ^ (1 << (length % 8))
    return turned
  }
  if (damage === 'cut') return before
  if (damage === 'drop') return Buffer.concat([before, after.subarray(length)])
  if (damage === 'insert') return Buffer.concat([before, bytes.subarray(0, length), after])
  if (damage === 'twice') return Buffer.concat([bytes, bytes])
  if (damage === 'mark') return Buffer.concat([Buffer.from('\ufeff'), bytes])
  if (damage === 'utf-16') return Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le')
  if (damage === 'invalid') return Buffer.concat([before, Buffer.from([0xc3, 0x28, 0xff]), after])
  if (damage === 'line ends') return Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
  return Buffer.alloc(0)
}
