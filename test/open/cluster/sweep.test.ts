import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

import { folderPrefix } from '../../../src/open/cluster/folder.ts'
import { ownIdentity, type ProcessIdentity } from '../../../src/open/cluster/processes.ts'
import { sweep } from '../../../src/open/cluster/sweep.ts'

const makeLeftOver = (owner: ProcessIdentity | undefined): string => {
  const path = mkdtempSync(join(tmpdir(), folderPrefix))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  mkdirSync(join(path, 'data'))
  if (owner !== undefined) writeFileSync(join(path, 'owner.json'), JSON.stringify(owner))
  return path
}

test('a folder whose owner runs stays', () => {
  const path = makeLeftOver(ownIdentity())
  sweep()
  expect(existsSync(path)).toBe(true)
})

test('a folder whose owner has ended goes, though its pid was given to another process', () => {
  const path = makeLeftOver({ ...ownIdentity(), started: '1' })
  sweep()
  expect(existsSync(path)).toBe(false)
})

test('a folder whose owner lives in another pid namespace stays', () => {
  const path = makeLeftOver({ pid: 1, started: '1', namespace: 'pid:[1]' })
  sweep()
  expect(existsSync(path)).toBe(true)
})

test('a folder whose owner is told in other words than ours stays', () => {
  const path = makeLeftOver(undefined)
  writeFileSync(join(path, 'owner.json'), '{"boss":1}')
  utimesSync(path, 0, 0)
  sweep()
  expect(existsSync(path)).toBe(true)
})

test('a folder without an owner stays while it may be one that is being made', () => {
  const path = makeLeftOver(undefined)
  sweep()
  expect(existsSync(path)).toBe(true)
  utimesSync(path, 0, 0)
  sweep()
  expect(existsSync(path)).toBe(false)
})

test('the pid in postmaster.pid is left alone when it is not the server of that folder', () => {
  const path = makeLeftOver({ ...ownIdentity(), started: '1' })
  // Ours: were it signalled, this test would not live to see it.
  writeFileSync(join(path, 'data', 'postmaster.pid'), `${process.pid}\n${join(path, 'data')}\n`)
  sweep()
  expect(existsSync(path)).toBe(false)
})
