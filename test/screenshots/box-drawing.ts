/** Box-drawing characters as lines, so that they meet whatever the font: which ways each goes from its middle. */
const arms: Readonly<Record<string, string>> = {
  '─': 'lr',
  '│': 'ud',
  '┌': 'rd',
  '┐': 'ld',
  '└': 'ur',
  '┘': 'ul',
  '├': 'urd',
  '┤': 'uld',
  '┬': 'lrd',
  '┴': 'lru',
  '┼': 'lrud',
  '╭': 'rd',
  '╮': 'ld',
  '╰': 'ur',
  '╯': 'ul',
}

/** Whether a text is made of such characters alone. */
export const isBoxDrawing = (text: string): boolean => [...text].every((character) => character in arms)

/** A cell's place in the picture. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** As short as a coordinate needs to be. */
export const round = (value: number): number => Math.round(value * 100) / 100

const characterPath = (character: string, { x, y, width, height }: Place): string => {
  // In the middle of a pixel, where a line of one pixel is sharp.
  const [middleX, middleY] = [Math.floor(x + width / 2) + 0.5, Math.floor(y + height / 2) + 0.5]
  const ends: Readonly<Record<string, readonly [number, number]>> = {
    l: [x, middleY],
    r: [x + width, middleY],
    u: [middleX, y],
    d: [middleX, y + height],
  }
  return [...(arms[character] ?? '')]
    .map((arm) => {
      const [toX = middleX, toY = middleY] = ends[arm] ?? []
      return `M${round(middleX)} ${round(middleY)}L${round(toX)} ${round(toY)}`
    })
    .join('')
}

/** The path of such characters, the first of which is in `cell` and the others right of it. */
export const boxPath = (text: string, cell: Place): string => {
  const { x, y, width, height } = cell
  const [rule = ''] = /^─*/.exec(text) ?? []
  const ruled = rule === '' ? '' : `M${round(x)} ${Math.floor(y + height / 2) + 0.5}h${round(rule.length * width)}`
  const rest = [...text.slice(rule.length)]
  return (
    ruled + rest.map((own, index) => characterPath(own, { ...cell, x: x + (rule.length + index) * width })).join('')
  )
}
