/** The states a diff tells apart, in the order in which they are counted. Pure. */
export const diffStates = ['missing', 'changed', 'deleted', 'extra', 'reused', 'restored'] as const

/** How a row differs; equal rows are not listed. */
export type DiffState = (typeof diffStates)[number]
