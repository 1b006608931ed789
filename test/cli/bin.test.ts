import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const bin = join(root, 'src', 'cli', 'bin.ts')

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const start = (args: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const written = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      written.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      written.stderr += text
    })
    child.on('error', reject).on('close', (code) => resolve({ code, ...written }))
  })

test('the program starts, and ends with the exit code of the command', async () => {
  expect(await start([bin, 'version'])).toEqual({ code: 0, stdout: expect.stringMatching(/^rowgraft \d/), stderr: '' })
  expect(await start([bin, 'difff'])).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^unknown command/),
  })
})

test('help loads nothing that talks to a database', async () => {
  const record = `
    import { registerHooks } from 'node:module'
    const packages = new Set()
    const load = (url, context, next) => {
      packages.add(/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1])
      return next(url, context)
    }
    registerHooks({ load })
    process.on('exit', () => process.stderr.write(JSON.stringify([...packages].filter(Boolean))))
    await import(${JSON.stringify(bin)})`
  const { code, stderr } = await start(['--input-type=module', '--eval', record, '--', 'rowgraft', '--help'])
  expect({ code, loaded: JSON.parse(stderr) }).toEqual({ code: 0, loaded: ['commander'] })
})

test('a reader that goes away ends it quietly', async () => {
  const child = spawn(process.execPath, [bin, '--help'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect({ code, complaint }).toEqual({ code: 0, complaint: '' })
})
