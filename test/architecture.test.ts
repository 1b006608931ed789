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

/** A folder of src, or a file that stands in src itself. */
const stageOf = (path: string): string => path.split('/')[0] ?? path

const allStages = [
  'catalog',
  'cluster',
  'database',
  'declare',
  'diff',
  'files',
  'open',
  'plan',
  'probe',
  'run',
  'script',
  'selection',
  'sources',
  'transform',
]

/** Files of `src` itself that tell the story: one stage each. */
const story = [
  'make-plan.ts',
  'footprint.ts',
  'split-plan.ts',
  'start-run.ts',
  'review.ts',
  'planned-rows.ts',
  'traced-chain.ts',
  'with-sides.ts',
  'inspect.ts',
  'row-lists.ts',
  'looking.ts',
  'share-pair.ts',
  'check-declared.ts',
  'check-plan.ts',
]

/** Names are quoted, the keys of a plan are read, and what is read back is checked in one place each, which everybody may use. */
const everybodys = [
  'errors.ts',
  'database/names.ts',
  'database/display.ts',
  'catalog/key-columns.ts',
  'documents/json.ts',
  'documents/server-text.ts',
  'documents/shape.ts',
  'documents/text-file.ts',
]

/** Who may import whom. `types:x` allows `import type` alone, `dynamic:x` `import()` alone. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  documents: [],
  catalog: [],
  'catalog/read.ts': ['types:database'],
  'catalog/identity.ts': ['types:database'],
  database: [],
  cluster: [],
  sources: ['cluster', 'database', 'catalog'],
  open: ['sources', 'database', 'catalog', 'types:config'],
  declare: ['types:database', 'catalog', 'types:config'],
  transform: ['types:database', 'catalog'],
  diff: ['types:database', 'types:transform', 'catalog'],
  selection: ['diff', 'types:database', 'catalog'],
  probe: ['selection', 'diff', 'transform', 'types:database', 'catalog'],
  plan: ['types:selection', 'types:probe', 'catalog'],
  'plan/plan-shape.ts': ['selection', 'types:probe', 'catalog'],
  run: ['plan', 'probe', 'transform', 'selection', 'diff', 'database', 'catalog'],
  script: ['run', 'types:transform', 'plan', 'database', 'catalog'],
  'footprint.ts': ['plan', 'probe', 'types:catalog', 'types:database'],
  'make-plan.ts': ['footprint.ts', 'transform', 'plan', 'probe', 'selection', 'diff', 'catalog'],
  'check-declared.ts': ['plan', 'selection', 'diff', 'catalog'],
  'check-plan.ts': ['transform', 'plan', 'catalog'],
  'row-lists.ts': ['inspect.ts', 'selection', 'diff', 'catalog'],
  'split-plan.ts': ['plan', 'probe', 'selection', 'diff', 'catalog'],
  'start-run.ts': ['split-plan.ts', 'transform', 'run', 'plan', 'open', 'database', 'types:diff', 'catalog'],
  'planned-rows.ts': ['plan', 'catalog', 'types:database'],
  'traced-chain.ts': ['plan', 'catalog', 'types:database'],
  'review.ts': [
    'start-run.ts',
    'planned-rows.ts',
    'traced-chain.ts',
    'script',
    'run',
    'plan',
    'types:open',
    'database',
  ],
  'with-sides.ts': ['diff', 'database', 'types:catalog'],
  'inspect.ts': ['selection', 'diff', 'types:database', 'catalog'],
  'share-pair.ts': ['declare', 'types:open', 'database', 'catalog', 'types:config'],
  'looking.ts': [...allStages, ...story],
  'rowgraft.ts': [...allStages, ...story, 'config'],
  'data.ts': ['errors.ts', 'catalog', 'diff', 'plan', 'selection'],
  'index.ts': ['data.ts', 'rowgraft.ts', ...allStages, ...story.map((stage) => `types:${stage}`), 'config'],
  config: [],
  format: [...allStages, 'index.ts', 'rowgraft.ts', 'config'].map((stage) => `types:${stage}`),
  files: ['plan', 'probe', 'selection', 'diff', 'catalog', 'types:config'],
  demo: ['cluster', 'index.ts'],
  cli: ['index.ts', 'data.ts', 'format', 'config', 'demo', 'dynamic:tui'],
  tui: ['data.ts', 'types:index.ts', 'dynamic:index.ts', 'format', 'config'],
}

const isAllowed = ({ from, to, kind }: Import): boolean => {
  const stage = stageOf(to)
  if (stage === stageOf(from) || everybodys.includes(to)) return true
  const rules = allowed[from] ?? allowed[stageOf(from)] ?? []
  return rules.includes(stage) || (kind !== 'value' && rules.includes(`${kind === 'type' ? 'types' : kind}:${stage}`))
}

const show = ({ from, to, kind }: Import): string => `${from} imports ${to}${kind === 'value' ? '' : ` (${kind})`}`

/** The imports of `packages` anywhere but in files whose path begins with `home`. */
const strays = (packages: readonly string[], home: RegExp): readonly string[] =>
  imports
    .filter(({ from, to }) => packages.some((name) => to === name || to.startsWith(`${name}/`)) && !home.test(from))
    .map(show)

describe('architecture', () => {
  test('every folder of src has rules for what it may import', () => {
    expect([...new Set(files.map(stageOf))].filter((stage) => !(stage in allowed))).toEqual([])
  })

  test('stages import only the stages before them', () => {
    expect(imports.filter((entry) => isInside(entry.to) && !isAllowed(entry)).map(show)).toEqual([])
  })

  test('relative imports name the file with its extension', () => {
    expect(
      imports.filter(({ to }) => files.every((file) => file !== to) && to.includes('/') && isInside(to)).map(show),
    ).toEqual([])
  })

  test.each([
    [['pg'], /^database\/(client|copy-\w+|session)\.ts$/],
    [['pg-copy-streams'], /^database\/copy-streams\.ts$/],
    [['ink', 'react'], /^tui\//],
    [['commander', '@commander-js/extra-typings'], /^cli\//],
    [['@aws-sdk/client-s3'], /^(files|sources)\//],
    [['libpg-query'], /^selection\/statement\//],
    // What plain shapes cannot say: unions, and lists too long to be copied.
    [['valibot'], /^(documents\/shape|config\/schema|plan\/(plan|step)-shape|selection\/selection-shape)\.ts$/],
  ])('%j is imported in %s alone', (packages, home) => {
    expect(strays(packages, home)).toEqual([])
  })

  test('plan and format reach for nothing outside the program', () => {
    const reaching = imports.filter(({ from, to }) => {
      if (!['plan', 'format'].includes(stageOf(from)) || !to.startsWith('node:')) return false
      return !(stageOf(from) === 'plan' && to === 'node:crypto')
    })
    expect(reaching.map(show)).toEqual([])
  })

  test('folders that only read have no way to write', () => {
    const writing = imports.filter(
      ({ from, to, names }) =>
        ['catalog', 'declare', 'diff', 'selection', 'probe'].includes(stageOf(from)) &&
        (['database/transaction.ts', 'database/sequences.ts'].includes(to) ||
          (stageOf(to) === 'database' && /\bWriter\b/.test(names))),
    )
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
