import { NeckFracError } from '@neckfrac/core'
import { task } from '../src/pool.ts'

export const double = task((n: number) => 2 * n)

export const refuse = task((message: string): void => {
  throw new NeckFracError('input', message)
})

export const crash = task((value: null): void => {
  Reflect.ownKeys(value as unknown as object)
})

export const spin = task((_: null): void => {
  for (;;);
})
