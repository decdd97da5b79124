import { NeckFracError, type ReadOptions, readStudy, type Study, scanSource } from '@neckfrac/core'
import { CODECS } from '../codecs.ts'
import { openSource } from '../sources.ts'
import type { RsnaStudy } from './rsna-folder.ts'

/** Reads the images of one study of an RSNA folder. @throws NeckFracError `data` when they are no study, or another one. */
export async function readRsnaImages(
  { images, uid }: RsnaStudy,
  options: Pick<ReadOptions, 'createStack'> = {},
): Promise<Study> {
  const source = await openSource(images)
  try {
    const { studies, skipped } = await scanSource(source, { codecs: CODECS })
    if (studies.length !== 1) {
      const why = skipped.slice(0, 3).map((s) => `${s.path}: ${s.reason}`)
      throw new NeckFracError('data', `${images} holds ${studies.length} studies, not one. ${why.join('; ')}`)
    }
    if (studies[0].studyInstanceUid !== uid)
      throw new NeckFracError('data', `${images} holds study ${studies[0].studyInstanceUid}`)
    return await readStudy(studies[0], { codecs: CODECS, ...options })
  } finally {
    await source.dispose?.()
  }
}
