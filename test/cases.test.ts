import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const cases = join(root, 'docs/cases')
const text = readdirSync(cases)
  .map((name) => readFileSync(join(cases, name), 'utf8'))
  .join('\n')
const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('|---'))

/** How many cases there are of each kind. */
const kinds = { FK: 23, U: 14, S: 9, K: 8, V: 28, R: 12, A: 12, C: 9, P: 5 }

/** The numbers in the first cell of a row: `S8, S9`, `V4 to V7`. */
const numbersOf = (row: string): readonly string[] => {
  const [, cell = ''] = row.split('|').map((part) => part.trim())
  const [, kind = '', first, last] = /^([A-Z]+)(\d+) to [A-Z]+(\d+)$/.exec(cell) ?? []
  if (first === undefined) return cell.split(', ')
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, step) => `${kind}${Number(first) + step}`)
}

/** Stories and tests that a row names. */
const proofsOf = (row: string): readonly string[] =>
  [...row.matchAll(/(?<=[|,(] `?)(test\/[\w/-]+|[a-z0-9]+(?:-[a-z0-9]+)+)(?=`?[,)]|`? \|)/g)].map(
    ([, name = '']) => name,
  )

const exists = (name: string): boolean =>
  name.startsWith('test/')
    ? [name, `${name}.test.ts`].some((path) => existsSync(join(root, path)))
    : existsSync(join(root, 'fixtures', name))

describe('docs/cases', () => {
  test('says of every numbered case what becomes of it', () => {
    const told = new Set(rows.flatMap(numbersOf))
    const all = Object.entries(kinds).flatMap(([kind, count]) =>
      Array.from({ length: count }, (_, index) => `${kind}${index + 1}`),
    )
    expect([...all, 'G1c', 'G2c', 'D1'].filter((number) => !told.has(number))).toEqual([])
  })

  test('adds up to what the README says', () => {
    const fates = new Map<string, string>()
    for (const row of rows) {
      const fate = /^\| *(done|refused|left)/.exec(row.slice(row.indexOf('|', row.indexOf('|', 2) + 1)))?.[1]
      for (const number of numbersOf(row)) {
        if (/\d/.test(number) && fate !== undefined && !fates.has(number)) fates.set(number, fate)
      }
    }
    const count = (fate: string): number => [...fates.values()].filter((each) => each === fate).length
    const says = `of ${fates.size} numbered cases ${count('done')} are done, ${count('refused')} refused, and ${count('left')} left`
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(says)
  })

  test('names only stories and tests that there are', () => {
    const proofs = rows.flatMap(proofsOf)
    expect(proofs.length).toBeGreaterThan(100)
    expect(proofs.filter((name) => !exists(name))).toEqual([])
  })
})
