/**
 * How text is set: cells per line, and the few things that colour is used for. Without colour everything reads the same.
 *
 * With a `Setting` come facts, as the engine has them; out of every file of `format/` go words, sanitised. Pure: of the engine it imports
 * types, keys, and `data.ts`.
 */

export interface Style {
  readonly heading: (text: string) => string
  readonly conflict: (text: string) => string
}

const wrapIn =
  (open: number, close: number) =>
  (text: string): string =>
    `\x1b[${open}m${text}\x1b[${close}m`

const same = (text: string): string => text

export const plainStyle: Style = { heading: same, conflict: same }
export const colorStyle: Style = { heading: wrapIn(1, 22), conflict: wrapIn(33, 39) }

/** How text is set: cells per line, and colour or none. */
export interface Setting {
  readonly width: number
  readonly style: Style
}
