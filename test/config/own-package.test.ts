import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const load = join(import.meta.dirname, '..', '..', 'src', 'config', 'load.ts')
const config = `import { defineConfig } from 'rowgraft'
export default defineConfig({ softDelete: { photo: 'deleted_at' } })\n`

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowgraft-outside-'))
  await writeFile(join(folder, 'rowgraft.config.ts'), config)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Loads the config in a process of its own: hooks are for a whole process. */
const loaded = async (): Promise<unknown> => {
  const script = `
    import { loadConfig } from ${JSON.stringify(load)}
    process.stdout.write(JSON.stringify((await loadConfig(undefined, ${JSON.stringify(folder)})).config))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  return JSON.parse(stdout)
}

test('a config file outside of any project imports the program that runs', async () => {
  expect(await loaded()).toEqual({ softDelete: { photo: 'deleted_at' } })
})

test('a package that is installed there comes first', async () => {
  // A project of its own: what stands above the folder for temporary files does not count.
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  const own = join(folder, 'node_modules', 'rowgraft')
  await mkdir(own, { recursive: true })
  await writeFile(join(own, 'package.json'), '{"name":"rowgraft","type":"module","exports":"./index.js"}')
  await writeFile(join(own, 'index.js'), `export const defineConfig = () => ({ softDelete: { photo: 'installed' } })`)
  expect(await loaded()).toEqual({ softDelete: { photo: 'installed' } })
})
