/** A number that others published, on real patients. */
export type Published = {
  readonly who: string
  readonly setting: string
  /** Percent, as published; null where it is not given. */
  readonly sensitivity: string | null
  readonly specificity: string | null
  readonly auc: string | null
  readonly other: string
  readonly source: string
  /** Read in the source, or known from its abstract alone. */
  readonly basis: 'read in the source' | 'abstract or excerpt'
}

/**
 * Results of others that a run on real patients must be compared with. Collected from public sources on 2026-11-23;
 * a patient counts as positive when any vertebra does.
 */
export const PUBLISHED: readonly Published[] = [
  {
    who: 'Radiologists in the vendor studies below',
    setting: 'three studies',
    sensitivity: '88.2 / 93 / 94.5',
    specificity: '99.2 / 96 / 99.7',
    auc: null,
    other: '',
    source: 'the same studies as the Aidoc rows',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Seven RSNA 2022 winners',
    setting: '1,828 trauma CTs, without contrast',
    sensitivity: '67.0 (30.9-80.0)',
    specificity: '92.9',
    auc: '0.89',
    other: '',
    source: 'Hu 2024',
    basis: 'abstract or excerpt',
  },
  {
    who: 'RSNA 2022 model, external test',
    setting: 'external hospital; in the competition 85 / 94',
    sensitivity: '86',
    specificity: '70',
    auc: null,
    other: '6.4 s an exam',
    source: 'Harper 2025',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Avicenna CINA-CSpine',
    setting: 'n = 328; at least five consecutive cervical vertebrae needed',
    sensitivity: '90.3',
    specificity: '91.9',
    auc: '0.91',
    other: 'level label 97.3 %',
    source: 'Avicenna 2026',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Aidoc',
    setting: 'four studies',
    sensitivity: '54.9 / 71.5 / 76 / 89.1',
    specificity: '94.1 / 98.6 / 97 / 99.2',
    auc: null,
    other: '3-8 min',
    source: 'four independent evaluations',
    basis: 'abstract or excerpt',
  },
  {
    who: 'arXiv 2601.15235',
    setting: '5-fold cross-validation on RSNA 2022',
    sensitivity: null,
    specificity: null,
    auc: '0.916 vertebra, 0.830 patient',
    other: 'F1 68.2 vertebra, 82.3 patient',
    source: 'arXiv 2601.15235',
    basis: 'abstract or excerpt',
  },
  {
    who: 'The original NeckFrac',
    setting: 'held-out 100 patients of RSNA 2022',
    sensitivity: '95.6',
    specificity: '1.8',
    auc: null,
    other: 'F2 77.6, below "always positive" (80.4); 2 min a study',
    source: 'the original project',
    basis: 'read in the source',
  },
]
