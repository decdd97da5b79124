import { LEVELS, readLabels, readPredictions, type StudyCase } from '@neckfrac/core'

/** Cases of two tables in RSNA's formats: probabilities and labels, nothing else. */
export function casesOfTables(
  predictionText: string,
  predictionFile: string,
  labelText: string,
  labelFile: string,
): { cases: StudyCase[]; remarks: string[] } {
  const predictions = readPredictions(predictionText, predictionFile)
  const labels = readLabels(labelText, labelFile)
  const cases = [...labels].map(([uid, fractured]): StudyCase => {
    const p = predictions.get(uid)
    return {
      uid,
      family: null,
      seed: null,
      preset: null,
      status: p ? 'analysed' : 'failed',
      reasons: p ? [] : ['not in the predictions'],
      truth: {
        fractured: Object.fromEntries(
          LEVELS.map((l) => [l, fractured[l]]),
        ) as StudyCase['truth']['fractured'],
        fractures: null,
        lookAlikes: null,
      },
      scan: { sliceMm: null, noiseHu: null, kernel: null },
      vertebrae: LEVELS.flatMap((level) => {
        const probability = p?.[level]
        return probability === undefined
          ? []
          : [{ level, probability, scores: null, candidates: null, extent: null }]
      }),
      patient: p?.patient_overall ?? null,
      labels: null,
      timingsMs: {},
    }
  })
  const extra = [...predictions.keys()].filter((uid) => !labels.has(uid))
  return {
    cases,
    remarks:
      extra.length === 0 ? [] : [`${extra.length} predicted but not labelled, not scored: ${extra[0]}`],
  }
}
