/** Secondary Capture Image Storage; its multi-frame classes end in .1 to .4 (PS3.4 B.5). */
export const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7'

/** Screen saves, scanned films and dose sheets are pictures whatever their ImageType says; null for all else. */
export const whySecondaryCapture = ({ sopClassUid }: { readonly sopClassUid: string }): string | null =>
  sopClassUid === SECONDARY_CAPTURE || sopClassUid.startsWith(`${SECONDARY_CAPTURE}.`)
    ? 'secondary capture (SOP class)'
    : null
