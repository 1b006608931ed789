import { describe, expect, test } from 'vitest'
import { comment, dollarQuote, hasColon, layOutSql } from '../../../src/review/script/text.ts'

describe('the text of a script', () => {
  test('moves lines, and leaves alone what stands in quotes', () => {
    const sql = `
        select 'a
          b', "c
     d", $x$
   e$x$ -- 'f
        from t`
    expect(layOutSql(sql, '  ')).toBe("  select 'a\n          b', \"c\n     d\", $x$\n   e$x$ -- 'f\n  from t")
  })

  test('keeps a comment on its line, whatever is in it', () => {
    expect(comment(['a\nb; drop table c', '\u2028d\u202e', ''])).toBe(
      '-- a\\u{a}b; drop table c\n-- \\u{2028}d\\u{202e}\n--\n',
    )
  })

  test('finds a dollar quote that the text cannot end', () => {
    expect(dollarQuote('select $sql$, $sql1$', 'sql')).toBe('$sql2$ select $sql$, $sql1$ $sql2$')
  })

  test('sees what psql would take for a variable', () => {
    expect(["select ':a'", 'select a::text', 'select ":a"'].map(hasColon)).toEqual([false, false, false])
    expect(['select a[1:n]', "select :'a'", 'select :a'].map(hasColon)).toEqual([true, true, true])
  })
})
