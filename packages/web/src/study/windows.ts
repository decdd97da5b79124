/** Windows of the neck, HU: the centres and widths that reading rooms use for bone and for soft tissue. */
export const WINDOWS = {
  bone: { title: 'Bone', centreHu: 400, widthHu: 1800 },
  soft: { title: 'Soft tissue', centreHu: 50, widthHu: 400 },
} as const
export type WindowName = keyof typeof WINDOWS

export type VoiRange = { readonly lower: number; readonly upper: number }

/** "W 1800 L 400", as radiologists read it. */
export const windowWords = ({ lower, upper }: VoiRange): string =>
  `W ${Math.round(upper - lower)} L ${Math.round((upper + lower) / 2)}`

export const rangeOf = (name: WindowName): VoiRange => {
  const { centreHu, widthHu } = WINDOWS[name]
  return { lower: centreHu - widthHu / 2, upper: centreHu + widthHu / 2 }
}
