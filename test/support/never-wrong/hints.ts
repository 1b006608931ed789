/** What a hint says to type, and the request that follows it. Pure. */
import type { Request } from './request.ts'

/** Words as a shell takes them. */
const splitWords = (text: string): readonly string[] =>
  [...text.matchAll(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_, single, double, escaped) => single ?? double ?? escaped ?? ''),
  )

const known =
  /--(accept-trigger|triggers|keys|parents|children|links|relink|again|bulk|on-conflict|columns|set|without)\b/g

/** A way that some text names: a flag with its value. */
export interface Way {
  readonly flag: string
  readonly value: string
}

/** The flags that a text names, each with the word behind it. */
export const readWays = (text: string): readonly Way[] => {
  const places = [...text.matchAll(known)]
  return places.map(({ 0: written, 1: flag = '', index }, at) => {
    const [value = ''] = splitWords(text.slice(index + written.length, places[at + 1]?.index))
    return { flag, value: value.replace(/[.,;]$/, '') }
  })
}

const isOneOf = <T extends string>(value: string, values: readonly T[]): value is T =>
  (values as readonly string[]).includes(value)

/** The table of a typed column, and the column, as it is shown. */
const typedColumn = /^(?:(?:"[^"]+"|\w+)\.){1,2}(?:"[^"]+"|\w+)$/

/** The request that follows a way; null where it says no more than that there is one. `columns` are those there are. */
export const follow = (request: Request, { flag, value }: Way): Request | null => {
  const { options } = request
  switch (flag) {
    case 'accept-trigger': {
      const columns = value.split(',')
      if (!columns.every((column) => typedColumn.test(column))) return null
      const accepted = [...new Set([...request.acceptTrigger, ...columns])]
      return accepted.length === request.acceptTrigger.length ? null : { ...request, acceptTrigger: accepted }
    }
    case 'triggers':
      return isOneOf(value, ['fire', 'off']) && value !== request.triggers ? { ...request, triggers: value } : null
    case 'bulk':
      return request.triggers === 'off' ? null : { ...request, triggers: 'off' }
    case 'keys':
      return isOneOf(value, ['auto', 'keep', 'new']) && value !== options.keys
        ? { ...request, options: { ...options, keys: value } }
        : null
    case 'parents':
      return isOneOf(value, ['restore', 'stop', 'null']) && value !== options.parents
        ? { ...request, options: { ...options, parents: value } }
        : null
    case 'relink':
      return isOneOf(value, ['evidence', 'all', 'none']) && value !== options.relink
        ? { ...request, options: { ...options, relink: value } }
        : null
    case 'again':
      return request.isAgain ? null : { ...request, isAgain: true }
    case 'columns':
      return value === '' || request.columns !== null ? null : { ...request, columns: value.split(',') }
    case 'on-conflict': {
      const at = value.lastIndexOf('=')
      const rows = at === -1 ? '*' : value.slice(0, at)
      const answer = value.slice(at + 1)
      if (!/^[a-z]+$/.test(answer) || request.onConflict[rows] === answer) return null
      return { ...request, onConflict: { ...request.onConflict, [rows]: answer } }
    }
    default:
      return null
  }
}

/** A hint that names columns in a way that nobody can type. */
export const isUntypable = ({ flag, value }: Way): boolean =>
  flag === 'accept-trigger' && !value.includes('<') && !value.split(',').every((column) => typedColumn.test(column))
