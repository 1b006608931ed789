import { describe } from 'vitest'
import { tellStories } from '../support/told-stories.ts'

describe('stories', () => tellStories('i', 'q'))
