import { describe, expect, test } from 'vitest'

import { parseTableName } from '../../src/catalog/table-name.ts'
import {
  fitKey,
  mergeSelectors,
  parseKey,
  parseKeyLines,
  parseSelect,
  parseUnder,
} from '../../src/selection/selection.ts'

describe('a table name', () => {
  test.each([
    ['photo', { name: 'photo' }],
    ['Photo', { name: 'photo' }],
    [' photo ', { name: 'photo' }],
    ['public.photo', { schema: 'public', name: 'photo' }],
    ['"Photo"', { name: 'Photo' }],
    ['"a.b"."c d"', { schema: 'a.b', name: 'c d' }],
    ['"say ""hi"""', { name: 'say "hi"' }],
    ['Public."Photo"', { schema: 'public', name: 'Photo' }],
    ['größe', { name: 'größe' }],
    ['a$1', { name: 'a$1' }],
    ['"line\nbreak"', { name: 'line\nbreak' }],
  ])('%j is %j', (text, name) => {
    expect(parseTableName(text)).toEqual(name)
  })

  test.each(['', ' ', '.', 'a.', '.a', 'a..b', 'a.b.c', '"a', 'a"b', '""', 'a b', '"a"b'])('%j is none', (text) => {
    expect(() => parseTableName(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('a key', () => {
  test.each([
    ['7', ['7']],
    ['', ['']],
    [' 7', [' 7']],
    ['a,b', ['a', 'b']],
    ['a,', ['a', '']],
    [',', ['', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",7', ['say "hi"', '7']],
    ['it"s', ['it"s']],
    ['""', ['']],
    ['"a\nb"', ['a\nb']],
  ])('%j has the values %j', (text, key) => {
    expect(parseKey(text)).toEqual(key)
  })

  test.each(['"', '"a', 'x,"y', '"a""'])('%j has an open quote', (text) => {
    expect(() => parseKey(text)).toThrow(expect.objectContaining({ code: 'bad-key', hint: expect.any(String) }))
  })

  test('of one column may hold commas', () => {
    const one = { id: 'public.t', identity: ['a'] }
    expect(fitKey(['x', 'y'], 'x,y', one)).toEqual(['x,y'])
    expect(() => fitKey(['x'], 'x', { id: 'public.t', identity: ['a', 'b'] })).toThrow(
      'has 1 value(s), "public.t" needs 2',
    )
  })
})

describe('--select and --under', () => {
  test.each([
    ['photo:7', { by: 'keys', table: 'photo', keys: [['7']] }],
    ['photo:a:b', { by: 'keys', table: 'photo', keys: [['a:b']] }],
    ['photo:a?b', { by: 'keys', table: 'photo', keys: [['a?b']] }],
    ['"a:b":7', { by: 'keys', table: '"a:b"', keys: [['7']] }],
    ["photo?slug = 'x:y'", { by: 'where', table: 'photo', where: "slug = 'x:y'" }],
    ['public."Odd?"?true', { by: 'where', table: 'public."Odd?"', where: 'true' }],
    ['😀:7', { by: 'keys', table: '😀', keys: [['7']] }],
  ])('%j is %j', (text, selector) => {
    expect(parseSelect(text)).toEqual(selector)
  })

  test('--under names a row', () => {
    expect(parseUnder('"G:1":a,b')).toEqual({ by: 'under', table: '"G:1"', keys: [['a', 'b']] })
    for (const text of ['gallery', 'gallery:', 'gallery?true']) {
      expect(() => parseUnder(text)).toThrow(expect.objectContaining({ code: 'usage' }))
    }
  })
})

describe('selectors', () => {
  test('of one table and kind are merged, conditions and named columns are not', () => {
    const merged = mergeSelectors([
      { by: 'keys', table: 't', keys: [['1']] },
      { by: 'where', table: 't', where: 'true' },
      { by: 'keys', table: 't', keys: [['2']] },
      { by: 'under', table: 't', keys: [['3']] },
      { by: 'keys', table: 't', keys: [['4']], columns: ['id'] },
      { by: 'where', table: 't', where: 'true' },
      { by: 'where', table: 't', where: 'false' },
      { by: 'under', table: 't', keys: [['5']] },
    ])
    expect(merged).toEqual([
      { by: 'keys', table: 't', keys: [['1'], ['2']] },
      { by: 'where', table: 't', where: 'true' },
      { by: 'under', table: 't', keys: [['3'], ['5']] },
      { by: 'keys', table: 't', keys: [['4']], columns: ['id'] },
      { by: 'where', table: 't', where: 'false' },
    ])
  })

  test('of a file of a hundred thousand keys are one', () => {
    const text = Array.from({ length: 100_000 }, (_, at) => `{"table":"t","key":{"id":"${at}"}}`).join('\n')
    const [selector, ...rest] = parseKeyLines(text)
    expect(rest).toEqual([])
    expect(selector).toMatchObject({ by: 'keys', table: 't', columns: ['id'] })
    expect(selector && 'keys' in selector && selector.keys.length).toBe(100_000)
  })
})
