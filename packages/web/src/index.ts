/** The viewer and the browser-only mode move in here; today it re-exports the core that both will call. */
export * from '@neckfrac/core'
