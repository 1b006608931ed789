import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'

import { askLine } from '../../src/cli/ask.ts'

const begin = (controller = new AbortController()) => {
  const [input, output] = [new PassThrough(), new PassThrough({ encoding: 'utf8' })]
  const answer = askLine('Go ahead? ', { input, output, signal: controller.signal })
  return { input, output, answer, controller }
}

test('the first line is the answer', async () => {
  const { input, output, answer } = begin()
  input.write('yes\nno\n')
  expect(await answer).toBe('yes')
  expect(output.read()).toBe('Go ahead? ')
})

test('the end of the input is no answer', async () => {
  const { input, answer } = begin()
  input.end()
  expect(await answer).toBe('')
})

test('an interrupted question is no answer', async () => {
  const { answer, controller } = begin()
  controller.abort()
  expect(await answer).toBe('')
})
