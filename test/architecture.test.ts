import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const src = join(import.meta.dirname, '..', 'src')

interface Import {
  /** Path below src. */
  readonly from: string
  /** Path below src, or the name of a package or of a module of Node's. */
  readonly to: string
  /** What stands between `import` and `from`. */
  readonly names: string
  readonly kind: 'value' | 'type' | 'dynamic'
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .sort()

const read = (file: string): string => readFileSync(join(src, file), 'utf8')

const importsOf = (file: string): readonly Import[] => {
  const text = read(file)
  const resolve = (to: string): string => (to.startsWith('.') ? relative(src, join(src, dirname(file), to)) : to)
  const statements = text.matchAll(/^(?:import|export)\b(?!\s*\()([^'"`;=]*?\bfrom\s*)?['"]([^'"]+)['"]/gm)
  const calls = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)
  return [
    ...[...statements].map(([, names = '', to = '']): Import => {
      const isType = /^\s+type\s/.test(names)
      return { from: file, to: resolve(to), names, kind: isType ? 'type' : 'value' }
    }),
    ...[...calls].map(([, to = '']): Import => ({ from: file, to: resolve(to), names: '', kind: 'dynamic' })),
  ]
}

const imports = files.flatMap(importsOf)

const isInside = (path: string): boolean => /\.tsx?$/.test(path)

/** The rooms of src, each standing on those before it: what a file imports is in its own room, or in one to the left. */
const rooms = [
  ...[
    'errors.ts',
    'progress',
    'documents',
    'keys',
    'config',
    'database',
    'catalog',
    'sql',
    'transform',
    'rows',
    'diff',
    'open',
    'selection',
  ],
  ...[
    'plan',
    'planning',
    'run',
    'look',
    'review',
    'demo',
    'rowgraft.ts',
    'data.ts',
    'format',
    'index.ts',
    'tui',
    'cli',
  ],
]

/** The folder of src that a file is in, or the file itself where it stands in src. */
const roomOf = (path: string): string => path.split('/')[0] ?? path

/** What is not allowed even to the left: what has no I/O never reaches what has, and the screens ask the engine by its front door. */
const closed: readonly (readonly [from: RegExp, to: RegExp, but: readonly Import['kind'][]])[] = [
  [/^(keys|plan|format)\//, /^database\/(?!names\.ts|display\.ts)/, []],
  [/^(catalog|rows|diff|open\/declared|selection|planning|look)\//, /^database\/(transaction|sequences)\.ts$/, []],
  [
    /^(cli|tui|format)\//,
    /^(?!cli|tui|format|demo|config|documents|keys|index\.ts|data\.ts|errors\.ts|database\/display\.ts)/,
    ['type'],
  ],
  [/^cli\//, /^tui\//, ['dynamic']],
  [/^tui\//, /^index\.ts$/, ['type', 'dynamic']],
]

const isAllowed = ({ from, to, kind }: Import): boolean => {
  const [own, other] = [roomOf(from), roomOf(to)].map((room) => rooms.indexOf(room))
  if (own === undefined || other === undefined || own < 0 || other < 0 || other > own) return false
  return !closed.some(([left, right, but]) => left.test(from) && right.test(to) && !but.includes(kind))
}

/** Files that import each other, by whatever way round: groups of them. Types make a circle like anything else; `import()` does not. */
const circles = (): readonly (readonly string[])[] => {
  const order: string[] = []
  const seen = new Set<string>()
  const targets = (file: string): readonly string[] =>
    imports.flatMap(({ from, to, kind }) => (from === file && isInside(to) && kind !== 'dynamic' ? [to] : []))
  const sources = (file: string): readonly string[] =>
    imports.flatMap(({ from, to, kind }) => (to === file && kind !== 'dynamic' ? [from] : []))
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    targets(file).forEach(visit)
    order.push(file)
  }
  files.forEach(visit)
  const placed = new Set<string>()
  const gather = (file: string): readonly string[] => {
    if (placed.has(file)) return []
    placed.add(file)
    return [file, ...sources(file).flatMap(gather)]
  }
  return order
    .reverse()
    .map(gather)
    .filter((group) => group.length > 1)
}

const show = ({ from, to, kind }: Import): string => `${from} imports ${to}${kind === 'value' ? '' : ` (${kind})`}`

/** The imports of `packages` anywhere but in files whose path begins with `home`. */
const strays = (packages: readonly string[], home: RegExp): readonly string[] =>
  imports
    .filter(({ from, to }) => packages.some((name) => to === name || to.startsWith(`${name}/`)) && !home.test(from))
    .map(show)

describe('architecture', () => {
  test('every folder of src is a room, and at most four files stand beside them', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !rooms.includes(room))).toEqual([])
    expect(files.filter((file) => !file.includes('/'))).toEqual(['data.ts', 'errors.ts', 'index.ts', 'rowgraft.ts'])
  })

  test('a room imports from itself and from those before it', () => {
    expect(imports.filter((entry) => isInside(entry.to) && !isAllowed(entry)).map(show)).toEqual([])
  })

  test('no files import each other, not even types', () => {
    expect(circles()).toEqual([])
  })

  test('no folder holds more than fourteen files', () => {
    const counts = Map.groupBy(files, (file) => dirname(file))
    expect([...counts].filter(([, own]) => own.length > 14).map(([folder, own]) => `${folder}: ${own.length}`)).toEqual(
      [],
    )
  })

  test('relative imports name the file with its extension', () => {
    expect(
      imports.filter(({ to }) => files.every((file) => file !== to) && to.includes('/') && isInside(to)).map(show),
    ).toEqual([])
  })

  test.each([
    [['pg'], /^database\/session\//],
    [['pg-copy-streams'], /^database\/session\//],
    [['ink', 'react'], /^tui\//],
    [['commander', '@commander-js/extra-typings'], /^cli\//],
    [['@aws-sdk/client-s3'], /^(planning\/files|open\/sources)\//],
    [['libpg-query'], /^selection\/statement\//],
    // What plain shapes cannot say: unions, and lists too long to be copied.
    [['valibot'], /^(documents\/shape|config\/schema|plan\/file\/(plan|step)-shape|selection\/selection-shape)\.ts$/],
  ])('%j is imported in %s alone', (packages, home) => {
    expect(strays(packages, home)).toEqual([])
  })

  test('plan and format reach for nothing outside the program', () => {
    const reaching = imports.filter(({ from, to }) => {
      if (!['plan', 'format'].includes(roomOf(from)) || !to.startsWith('node:')) return false
      return !(roomOf(from) === 'plan' && to === 'node:crypto')
    })
    expect(reaching.map(show)).toEqual([])
  })

  test('a name is made readable where a sentence is made of it: nothing looks for names in sentences', () => {
    expect(files.filter((file) => /\bpublic\\\./.test(read(file)))).toEqual(['format/names.ts'])
  })

  test('rooms that only read have no way to write', () => {
    const readers = ['catalog', 'sql', 'rows', 'diff', 'selection', 'planning', 'look']
    const writing = imports.filter(({ from, names }) => readers.includes(roomOf(from)) && /\bWriter\b/.test(names))
    expect(writing.map(show)).toEqual([])
  })

  test('no file or folder has a name that says nothing', () => {
    const empty = /^(utils?|helpers?|common|types?|libs?|misc)$/
    const parts = (file: string): readonly string[] => [
      ...dirname(file).split('/'),
      basename(file).replace(/\..*$/, ''),
    ]
    expect(files.filter((file) => parts(file).some((part) => empty.test(part)))).toEqual([])
  })

  test('no file is longer than 300 lines', () => {
    const lines = (file: string): number => read(file).trimEnd().split('\n').length
    expect(files.filter((file) => lines(file) > 300).map((file) => `${file}: ${lines(file)} lines`)).toEqual([])
  })
})
