/** The screens of the demo's story as text, at the reference size and at a wide one. The files are what a person looks at. */
import { expect, test } from 'vitest'
import { displayWidth } from '../../src/format/layout.ts'
import { withSite } from './demo-site.ts'

/** Along one path: the keys that lead from each screen to the next. Esc leads back where the name ends in a dash. */
const path: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['incidents', []],
  ['incidents-why', ['w']],
  ['help', ['esc', '?']],
  ['palette', ['esc', ':', 'l', 'o', 'down']],
  ['statement', ['esc', 's']],
  ['tables', ['esc', 't']],
  ['tables-changed-too', ['m']],
  ['rows', ['j', 'enter']],
  ['rows-picked', ['space', 'space']],
  ['row-changed', ['j', 'enter', 'space']],
  ['leaving', ['q']],
  ['incidents-none-picked', ['N', 'i', 'A']],
  ['along', ['space', 'c']],
  ['along-why', ['j', 'w']],
  ['review', ['esc', 'r']],
  ['rehearsed', ['x']],
  ['report', ['esc', 'R']],
  ['incidents-afterwards', ['i']],
  ['runs', ['u']],
  ['undo-review', ['u']],
  ['undo-question', ['R']],
  ['undo-report', ['y']],
]

test.each([
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
])('the screens at $columns x $rows', async (size) => {
  await withSite({ size }, async ({ press, frame }) => {
    for (const [name, keys] of path) {
      await press(...keys)
      const text = frame()
      const lines = text.split('\n')
      expect(lines.length).toBe(size.rows)
      expect(lines.filter((line) => displayWidth(line) > size.columns)).toEqual([])
      await expect.soft(`${text}\n`).toMatchFileSnapshot(`screens/${size.columns}x${size.rows}/${name}.txt`)
    }
  })
})
