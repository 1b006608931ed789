/**
 * Asks for rows, answers what is asked in turn, follows what hints say, and asks again: as somebody does who wants to be done. Up to four
 * rounds of each; it ends with a run, with nothing to do, or with a refusal that names no way on.
 */

import { openConflicts, type Plan, type Report, whyLeftOut } from '../../../src/index.ts'
import { type Asked, answerAll, type Choose } from './answering.ts'
import type { Driver, Failure } from './driver.ts'
import { faultOf } from './failures.ts'
import { count, type Fault, nameless, type Tally } from './faults.ts'
import { follow, isUntypable, readWays, type Way } from './hints.ts'
import type { Request } from './request.ts'

export interface Rounds {
  readonly request: Request
  readonly plan: Plan | null
  /** Of a run that was committed, all of it or in part. */
  readonly report: Report | null
  readonly end: 'committed' | 'partial' | 'nothing' | 'unanswered' | 'refused'
  readonly faults: readonly Fault[]
}

const most = 4

interface Followed {
  readonly way: Way
  readonly request: Request
}

export interface Seeking {
  readonly driver: Driver
  readonly first: Request
  readonly choose: Choose
  /** What triggers write may stop a run that no plan can foresee. */
  readonly hasTriggers: boolean
}

/** The request that follows a hint of a failure; null where there is none to follow. */
const followHint = (request: Request, { code, hint, detail }: Failure, choose: Choose): Followed | null => {
  const text = `${hint ?? ''}\n${code === 'decision-needed' ? '' : (detail ?? '')}`
  const possible = readWays(text).flatMap((way) => {
    const followed = follow(request, way)
    return followed === null ? [] : [{ way, request: followed }]
  })
  return possible[choose(possible.length)] ?? null
}

/** The request that follows what a plan says of rows that it leaves out. */
const followMention = (request: Request, { leftOut }: Plan, choose: Choose): Followed | null => {
  const [way] = leftOut.flatMap((row) => readWays(whyLeftOut(row)))
  const followed = way === undefined ? null : follow(request, way)
  return way === undefined || followed === null || choose(3) < 2 ? null : { way, request: followed }
}

const nameOf = ({ flag, value }: Way): string => `--${flag}${/^[a-z]+$/.test(value) ? ` ${value}` : ''}`

/** One search for an end, as far as it has come. */
class Search {
  readonly faults: Fault[] = []
  request: Request
  readonly #seeking: Seeking
  readonly #tally: Tally
  #given: Asked['given'] = new Map()
  #answers = 0
  #hints = 0

  constructor(seeking: Seeking, tally: Tally) {
    this.request = seeking.first
    this.#seeking = seeking
    this.#tally = tally
  }

  /** Goes on as a failure hints. False where it does not. */
  hint(failure: Failure, during: string): boolean {
    const { hasTriggers, choose } = this.#seeking
    const fault = faultOf(failure, { request: this.request, during, hasTriggers })
    if (fault !== null) this.faults.push(fault)
    count(this.#tally, `${during} failed: ${failure.code}: ${nameless(failure.message)}`)
    if (readWays(failure.hint ?? '').some(isUntypable)) {
      this.faults.push({ kind: 'a hint that cannot be typed', detail: failure.hint ?? '' })
    }
    return this.#follow(followHint(this.request, failure, choose))
  }

  /** Goes on as a plan without open conflicts mentions. False where it does not. */
  mention(plan: Plan): boolean {
    return this.#follow(followMention(this.request, plan, this.#seeking.choose))
  }

  /** Answers open conflicts. False where nothing answers them. */
  answer(open: Plan['conflicts']): boolean {
    for (const { id, kind, text } of open) {
      count(this.#tally, `conflict: ${kind}`)
      const answer = this.#given.get(id)
      if (answer === undefined) continue
      this.faults.push({ kind: `an answer that is offered and not taken: ${answer}`, detail: `${id}\n${text}` })
    }
    const asked = this.#answers++ < most ? answerAll(this.request, open, this.#seeking.choose) : null
    if (asked === null) return false
    for (const answer of asked.given.values()) count(this.#tally, `answered: ${answer}`)
    this.request = asked.request
    this.#given = asked.given
    return true
  }

  #follow(followed: Followed | null): boolean {
    if (followed === null || this.#hints++ >= most) return false
    count(this.#tally, `followed ${nameOf(followed.way)}`)
    this.request = followed.request
    return true
  }
}

/** Asks until there is an end to it. Counts what happens into `tally`. */
export const seek = async (seeking: Seeking, tally: Tally): Promise<Rounds> => {
  const { driver } = seeking
  const search = new Search(seeking, tally)
  const end = (how: Rounds['end'], plan: Plan | null, report: Report | null = null): Rounds => {
    const { request, faults } = search
    return { request, plan, report, end: how, faults }
  }
  for (;;) {
    const planned = await driver.plan(search.request)
    if ('failure' in planned) {
      if (search.hint(planned.failure, 'plan')) continue
      return end('refused', null)
    }
    const plan = planned.value
    const open = openConflicts(plan)
    if (open.length > 0) {
      if (search.answer(open)) continue
      return end('unanswered', plan)
    }
    if (search.mention(plan)) continue
    if (plan.steps.length === 0) return end('nothing', plan)
    const ran = await driver.restore(search.request, plan)
    if (!('failure' in ran)) {
      const { outcome } = ran.value
      return end(outcome === 'committed' || outcome === 'partial' ? outcome : 'nothing', plan, ran.value)
    }
    if (!search.hint(ran.failure, 'restore')) return end('refused', plan)
  }
}
