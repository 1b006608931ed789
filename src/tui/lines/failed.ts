/** The lines of a run that failed. */
import type { Screen } from '../state/state.ts'
import { paragraph } from './cells.ts'
import { blank, type Line, line } from './line.ts'

export type ScreenAt<T extends Screen['at']> = Extract<Screen, { at: T }>

/** All that is said of a failure, to be scrolled through. */
export const failedLines = (screen: ScreenAt<'failed'>, columns: number): readonly Line[] => {
  const { error, isUnknown } = screen
  const detail = (error.detail ?? '').split('\n').filter((part) => part !== '')
  const rest = isUnknown
    ? [
        'Whether the run is in live is not known. Nothing more will be written.',
        'Find out with  rowgraft recover  before anything else is restored.',
      ]
    : ['Live is unchanged. What you picked is still picked:  r  goes back to the review.']
  return [
    line(' ', [isUnknown ? 'The outcome is unknown.' : 'It failed, and was rolled back.', 'error']),
    blank,
    ...paragraph(error.text, columns, { by: 3, role: 'strong' }),
    ...detail.flatMap((part) => paragraph(part, columns, { by: 3 })),
    ...(error.hint === undefined ? [] : [blank, ...paragraph(error.hint, columns, { by: 3 })]),
    blank,
    ...rest.flatMap((part) => paragraph(part, columns)),
  ]
}
