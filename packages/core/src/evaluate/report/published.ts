/** A number that others published, on real patients. */
export type Published = {
  readonly who: string
  readonly setting: string
  /** Percent as published, with the 95 % interval in brackets where it was read; null where it is not given. */
  readonly sensitivity: string | null
  readonly specificity: string | null
  readonly auc: string | null
  readonly other: string
  readonly source: string
  /** Read in the source, or known from its abstract alone. */
  readonly basis: 'read in the source' | 'abstract or excerpt'
}

/**
 * Results of others that a run on real patients must be compared with, from public sources; looked up on 2026-11-23 and
 * 2026-11-28. A patient counts as positive when any vertebra does.
 */
export const PUBLISHED: readonly Published[] = [
  {
    who: 'Radiologists',
    setting: '2,368 scans, one centre',
    sensitivity: '88.2 [84.0-92.5]',
    specificity: '99.2',
    auc: null,
    other: '',
    source: 'van den Wittenboer 2024, European Radiology, article 10559',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Aidoc',
    setting: 'the same',
    sensitivity: '71.5 [65.5-77.4]',
    specificity: '98.6 [98.2-99.1]',
    auc: null,
    other: '3-8 min a study',
    source: 'the same',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Radiologists',
    setting: '665 scans, one centre',
    sensitivity: '93 [88-97]',
    specificity: '96 [94-98]',
    auc: null,
    other: '',
    source: 'Small 2021, AJNR 42:1341, doi:10.3174/ajnr.A7094',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Aidoc',
    setting: 'the same',
    sensitivity: '76 [68-83]',
    specificity: '97 [95-98]',
    auc: null,
    other: '',
    source: 'the same',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Radiologists',
    setting: '2,652 scans, 110 acute fractures, one centre',
    sensitivity: '94.5',
    specificity: '99.7 [99.4-99.9]',
    auc: null,
    other: '',
    source: 'AJNR 2026, University of Washington',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Aidoc',
    setting: 'the same',
    sensitivity: '89.1',
    specificity: '99.2 [98.7-99.5]',
    auc: null,
    other: '',
    source: 'the same',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Aidoc',
    setting: 'one centre',
    sensitivity: '54.9',
    specificity: '94.1',
    auc: null,
    other: '',
    source: 'Voter 2021, AJNR 42:1550, doi:10.3174/ajnr.A7179',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Seven RSNA 2022 winners',
    setting: '1,308 trauma CTs without contrast, one centre; mean and range of the seven',
    sensitivity: '67.0 (30.9 to 80.0)',
    specificity: '92.9 (82.1 to 99.0)',
    auc: '0.89 (0.79 to 0.92)',
    other: '',
    source: 'Hu 2024, Radiology: Artificial Intelligence 6:e230550, doi:10.1148/ryai.230550',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Seven RSNA 2022 winners',
    setting: '521 with contrast, the same centre',
    sensitivity: '81.9 (42.7 to 100)',
    specificity: null,
    auc: '0.88 (0.76 to 0.94)',
    other: '',
    source: 'the same',
    basis: 'abstract or excerpt',
  },
  {
    who: 'An RSNA 2022 winner',
    setting: '100 scans of another centre, half of them fractured; in the competition 85 / 94',
    sensitivity: '86',
    specificity: '70',
    auc: null,
    other: '6.4 s an exam',
    source: 'Harper 2025, AJNR, doi:10.3174/ajnr.A8715',
    basis: 'abstract or excerpt',
  },
  {
    who: 'Avicenna CINA-CSpine',
    setting:
      '155 patients with and 173 without an acute fracture; at least five consecutive cervical vertebrae needed',
    sensitivity: '90.3',
    specificity: '91.9',
    auc: '0.91',
    other: 'level label 97.3 % of boxes; 84.4 % of boxes on a fracture',
    source: 'Sung 2026, Diagnostics 16:194, doi:10.3390/diagnostics16020194',
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
