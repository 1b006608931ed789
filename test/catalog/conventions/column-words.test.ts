import { expect, test } from 'vitest'
import { isMeantToChange } from '../../../src/catalog/conventions/column-words.ts'

const changing = (baseType: string, names: readonly string[]): readonly string[] =>
  names.filter((name) => isMeantToChange({ name, baseType, default: null }))

test('counts, places in a list and versions are there to change, however they are spelled', () => {
  const names = ['photo_count', 'photoCount', 'viewcount', 'views', 'count1', 'sort_order', 'position2', 'version']
  expect(changing('integer', names)).toEqual(names)
  expect(changing('integer', ['account', 'discount2', 'last_count_id', 'year', 'price'])).toEqual([])
})

test('times of the last change are there to change, and those of making are not', () => {
  const names = ['updated_at', 'lastLoginAt', 'last_seen2', 'mtime']
  expect(changing('timestamp with time zone', [...names, 'created_at', 'born'])).toEqual(names)
})
