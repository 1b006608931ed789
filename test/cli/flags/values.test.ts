import { describe, expect, test } from 'vitest'
import { parseMapEnum, parseSet } from '../../../src/cli/flags/values.ts'
import { RowgraftError } from '../../../src/errors.ts'

describe('--set', () => {
  test.each([
    ['photo.title=x', { table: 'photo', column: 'title', value: 'x' }],
    ['public.photo.title=a=b', { table: 'public.photo', column: 'title', value: 'a=b' }],
    ['photo.title=', { table: 'photo', column: 'title', value: '' }],
    ["photo.title=''", { table: 'photo', column: 'title', value: '' }],
    ['photo.title=null', { table: 'photo', column: 'title', value: null }],
    ['photo.title=NULL', { table: 'photo', column: 'title', value: null }],
    ["photo.title='null'", { table: 'photo', column: 'title', value: 'null' }],
    ["photo.title='it''s'", { table: 'photo', column: 'title', value: "it's" }],
    ["photo.title=it's", { table: 'photo', column: 'title', value: "it's" }],
    ['photo.title= x ', { table: 'photo', column: 'title', value: ' x ' }],
    ['"a=b"."c=d"=e', { table: '"a=b"', column: 'c=d', value: 'e' }],
  ])('%s', (typed, parsed) => {
    expect(parseSet(typed)).toEqual(parsed)
  })

  test.each(['photo.title', 'title=x', '=x', ''])('"%s" is none', (typed) => {
    expect(() => parseSet(typed)).toThrow(RowgraftError)
  })
})

describe('--map-enum', () => {
  test.each([
    ['photo.mood:odd=calm', { table: 'photo', column: 'mood', from: 'odd', to: 'calm' }],
    ["photo.mood:'a=b'='it''s'", { table: 'photo', column: 'mood', from: 'a=b', to: "it's" }],
    ['public.photo.mood:very odd=calm', { table: 'public.photo', column: 'mood', from: 'very odd', to: 'calm' }],
  ])('%s', (typed, parsed) => {
    expect(parseMapEnum(typed)).toEqual(parsed)
  })

  test.each(['photo.mood', 'photo.mood:odd', 'photo.mood=odd', 'mood:odd=calm', 'photo.mood:a=b=c'])(
    '"%s" is none',
    (typed) => {
      expect(() => parseMapEnum(typed)).toThrow(RowgraftError)
    },
  )
})
