/**
 * Brings a clone to the point where its scripts can run: installs what package-lock.json names and compiles src into dist, each only
 * if it is not there or out of date; `--rebuild` compiles in any case, into an empty dist.
 *
 * It runs before anything is installed, under whatever Node the machine has: plain JavaScript, nothing but Node's own modules.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
const modules = join(root, 'node_modules')
const dist = join(root, 'dist')
// Bears the time of the last build that went well, and goes away with a fresh install.
const stamp = join(modules, '.rowgraft-built')

const stop = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) stop(`${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

const packagesIn = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {})

const isInstalled = () => {
  const installed = packagesIn(join(modules, '.package-lock.json'))
  const wanted = Object.entries(packagesIn(join(root, 'package-lock.json')))
  return wanted.every(([path, { integrity, optional }]) => {
    // Optional packages are those of all platforms; only ours are there.
    if (path === '' || (optional && !installed[path])) return true
    return installed[path]?.integrity === integrity
  })
}

const install = () => {
  const [npm, ...args] = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
  run(npm, [...args, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
}

const isSupported = (version) => {
  const [major, minor] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

/** npm puts node_modules/.bin first in the PATH of scripts, and the package "node" puts a newer Node there. */
const checkNode = () => {
  const found = spawnSync('node', ['--print', 'process.versions.node'], { encoding: 'utf8' }).stdout?.trim() ?? ''
  if (isSupported(found)) return
  stop(
    `rowgraft needs Node 22.18 or newer, and this is Node ${found}.\n` +
      'The package "node" brings a newer one by its install script, which npm did not run (ignore-scripts?).\n' +
      'Run "npm rebuild node --ignore-scripts=false", or install a newer Node, and try again.',
  )
}

const newest = (path) => {
  const status = statSync(path)
  const below = status.isDirectory() ? readdirSync(path).map((name) => newest(join(path, name))) : []
  // A folder's own time tells of files that were removed from it.
  return Math.max(status.mtimeMs, ...below)
}

const isBuilt = () => {
  if (!existsSync(dist) || !existsSync(stamp)) return false
  const sources = ['src', 'tsconfig.json'].map((name) => newest(join(root, name)))
  return statSync(stamp).mtimeMs > Math.max(...sources)
}

const build = () => {
  const begun = new Date()
  run(join(modules, '.bin', 'tsc'), ['-p', root])
  chmodSync(join(dist, 'cli', 'bin.js'), 0o755)
  writeFileSync(stamp, '')
  utimesSync(stamp, begun, begun)
}

if (!isInstalled()) install()
if (!isSupported(process.versions.node)) checkNode()
if (process.argv.includes('--rebuild')) rmSync(dist, { recursive: true, force: true })
if (!isBuilt()) build()
