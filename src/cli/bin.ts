#!/usr/bin/env node
/**
 * The program's door. It imports nothing by itself, so that a Node too old for the rest can still say so.
 */

const required = [22, 18] as const

const isSupported = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > required[0] || (major === required[0] && minor >= required[1])
}

if (isSupported(process.versions.node)) {
  await import('./main.ts')
} else {
  process.stderr.write(
    `rowgraft needs Node ${required.join('.')} or newer, and this is Node ${process.versions.node}.\n` +
      'Install a newer one from https://nodejs.org and run the command again.\n',
  )
  process.exitCode = 2
}
