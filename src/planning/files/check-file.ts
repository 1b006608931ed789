/** What is asked of a place where files are kept: whether one is there. */
export type FileState = 'there' | 'missing' | 'unknown'

/** Whether a file of the store exists; `unknown` where the store does not tell. */
export type CheckFile = (name: string) => Promise<FileState>
