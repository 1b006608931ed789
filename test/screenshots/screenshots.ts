/**
 * `npm run screenshots -- [scene...]`: pictures of the program on the demo's databases, of all scenes or of those that are named.
 * SVG files go into docs/screens, PNG files of the same into screenshots/, which is not part of the repository.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cell } from '../support/terminal/cells.ts'
import { findFont, makePng, missingFont } from './png.ts'
import { masks, scenes } from './scenes.ts'
import { withStage } from './stage.ts'
import { drawScreen } from './svg.ts'

const root = join(import.meta.dirname, '..', '..')
const folders = { svg: join(root, 'docs', 'screens'), png: join(root, 'screenshots') }

const maskLine = (line: readonly Cell[]): readonly Cell[] => {
  // One character per cell, so that places in the text are columns.
  const text = line.map((cell) => (cell.text.length === 1 ? cell.text : '\0')).join('')
  const masked = masks.reduce((masking, [pattern, put]) => masking.replace(pattern, put), text)
  return line.map((cell, column) => (masked[column] === text[column] ? cell : { ...cell, text: masked[column] ?? '' }))
}

const named = process.argv.slice(2)
const unknown = named.filter((name) => scenes.every((scene) => scene.name !== name))
if (unknown.length > 0) {
  throw new Error(`no scene is called ${unknown.join(', ')}; there are ${scenes.map(({ name }) => name).join(', ')}`)
}

const font = findFont()
for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true })
const failures: string[] = []

await withStage(async (play) => {
  for (const scene of scenes.filter(({ name }) => named.length === 0 || named.includes(name))) {
    try {
      await play(scene, async (terminal) => {
        const svg = drawScreen(terminal.cells().map(maskLine), scene.title)
        await writeFile(join(folders.svg, `${scene.name}.svg`), svg)
        if (font !== null) await writeFile(join(folders.png, `${scene.name}.png`), makePng(svg, font))
      })
      process.stdout.write(`${scene.name}\n`)
    } catch (error) {
      failures.push(scene.name)
      process.stderr.write(`${scene.name}: ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
})
if (font === null) process.stderr.write(`${missingFont}\n`)
if (failures.length > 0) {
  process.stderr.write(`no picture of ${failures.join(', ')}\n`)
  process.exitCode = 1
}
