/** Named in every report; the version is the one of package.json (a test compares them). */
export const SOFTWARE = { name: 'NeckFrac', version: '0.1.0' } as const
