import { describe } from 'vitest'
import { tellStories } from '../support/told-stories.ts'

describe('stories of restores that go', () => tellStories('a restore'))
