/** A plan as a file: JSON with one property per line, so that the answers can be found and edited, and the keys stay compact. */
import type { Plan } from '../../plan/plan.ts'
import { formatJson } from '../sanitise.ts'
import { planDocument } from './plan-document.ts'

const formatProperties = (value: object, indent: string): string =>
  Object.entries(value)
    .map(([name, part]) => `${indent}${formatJson(name)}: ${formatJson(part)}`)
    .join(',\n')

/** The text of a plan file; it ends in a line feed. */
export const formatPlanFile = (plan: Plan): string => {
  const { answers, hash } = plan
  const { answers: _, hash: __, ...rest } = planDocument(plan)
  const given = Object.keys(answers).length === 0 ? '{}' : `{\n${formatProperties(answers, '    ')}\n  }`
  return `{\n${formatProperties(rest, '  ')},\n  "answers": ${given},\n  "hash": ${formatJson(hash)}\n}\n`
}
