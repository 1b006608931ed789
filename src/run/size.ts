/** How large one transaction may be without a word: it holds locks, keeps vacuum from cleaning up, and makes standbys lag. */
import { RowgraftError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'

const mostRows = 1_000_000
const mostBytes = 1_000_000_000

/** Rows that a plan writes. */
export const rowsOf = ({ steps }: Pick<Plan, 'steps'>): number => steps.reduce((sum, { rows }) => sum + rows, 0)

/** Throws `decision-needed` for a plan that is too large for one transaction unless somebody says so. */
export const refuseLarge = (plan: Plan, { big }: { readonly big: boolean }): void => {
  const rows = rowsOf(plan)
  if (big || (rows <= mostRows && plan.bytes <= mostBytes)) return
  const bytes = plan.bytes > mostBytes ? `, about ${Math.round(plan.bytes / 1e8) / 10} GB` : ''
  throw new RowgraftError(
    'decision-needed',
    `the plan writes ${rows === 1 ? '1 row' : `${rows} rows`}${bytes} in one transaction; live is unchanged`,
    {
      detail: 'More than a million rows or a gigabyte take long: locks are held, vacuum and standbys wait.',
      hint:
        plan.undoes === null
          ? 'Use --big for one transaction all the same, or --commit-every <rows> for several that are complete in themselves.'
          : 'Use --big to do it all the same.',
    },
  )
}
