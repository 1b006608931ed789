import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'

const withFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'rowgraft-config-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('config file', () => {
  test('the nearest one upwards is loaded, types and all', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'rowgraft.config.ts')
      await writeFile(
        path,
        "const softDelete: Record<string, string> = { photo: 'deleted_at' }\nexport default { softDelete }\n",
      )
      await mkdir(join(folder, 'deep', 'deeper'), { recursive: true })
      expect(await loadConfig(undefined, join(folder, 'deep', 'deeper'))).toEqual({
        config: { softDelete: { photo: 'deleted_at' } },
        path,
      })
    }))

  test('the one named is loaded, as JSON too', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'mine.json'), '{"softDelete":{"photo":"deleted_at"}}')
      expect((await loadConfig('mine.json', folder)).config).toEqual({ softDelete: { photo: 'deleted_at' } })
    }))

  test('none is read where none is wanted', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'rowgraft.config.json'), 'not json')
      expect(await loadConfig(false, folder)).toEqual({ config: {}, path: null })
    }))

  test.each([
    ['{"softDelet":{}}', 'unknown key "softDelet"'],
    ['{"softDelete":["photo"]}', '"softDelete" that is not an object'],
    ['{"softDelete":{"photo":7}}', '"softDelete.photo" that is not a text'],
    ['{"relations":[{"from":"a","columns":["b"],"to":"c","onDelte":"cascade"}]}', 'unknown key "relations.0.onDelte"'],
    ['{"protect":"yes"}', `"protect" that is not true, false or 'refuse'`],
    ['{"files":{"photo.path":{"directory":"x"}}}', '"files.photo.path" that is neither { folder } nor { url }'],
    ['[]', 'exports no object'],
    ['{', 'cannot be loaded'],
  ])('%s is refused, and says why', (text, why) =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'rowgraft.config.json'), text)
      await expect(loadConfig(undefined, folder)).rejects.toMatchObject({
        code: 'bad-file',
        message: expect.stringContaining(why),
      })
    }),
  )

  test('a file that is named and not there is refused', () =>
    withFolder(async (folder) => {
      await expect(loadConfig('missing.ts', folder)).rejects.toMatchObject({ code: 'bad-file' })
    }))
})
