export * from './errors.ts'
export * from './levels.ts'
export type * from './ports.ts'
