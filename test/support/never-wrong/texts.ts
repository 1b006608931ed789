/** What people read of a plan and its report: it can be told, and has no holes in it. */
import { formatPlan } from '../../../src/format/plan/plan.ts'
import { formatReport } from '../../../src/format/run/report.ts'
import { plainStyle } from '../../../src/format/style.ts'
import type { Plan, Report } from '../../../src/index.ts'
import type { Fault } from './faults.ts'

const setting = { width: 100, style: plainStyle }

const hole = /undefined|\bNaN\b|\[object/

export const examineTexts = (plan: Plan | null, report: Report | null): readonly Fault[] => {
  if (plan === null) return []
  const text = `${formatPlan(plan, setting)}\n${report === null ? '' : formatReport(report, plan, setting)}`
  return hole.test(text) ? [{ kind: 'a text with a hole in it', detail: text }] : []
}
