#!/usr/bin/env node
/**
 * The program's door. It imports nothing by itself, so that a Node too old for the rest can still say so.
 */

const required = [22, 18] as const

const isSupported = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > required[0] || (major === required[0] && minor >= required[1])
}

/** What has been compiled once is kept in the user's cache folder: the first frame comes in half the time. */
const keepCompiled = async (): Promise<void> => {
  const [{ enableCompileCache }, { homedir }, { join }] = await Promise.all([
    import('node:module'),
    import('node:os'),
    import('node:path'),
  ])
  const folder = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  enableCompileCache(join(folder, 'rowgraft', 'compiled'))
}

if (isSupported(process.versions.node)) {
  await keepCompiled()
  await import('./main.ts')
} else {
  process.stderr.write(
    `rowgraft needs Node ${required.join('.')} or newer, and this is Node ${process.versions.node}.\n` +
      'Install a newer one from https://nodejs.org and run the command again.\n',
  )
  process.exitCode = 2
}
