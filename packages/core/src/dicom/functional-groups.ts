import type { DataSet } from 'dicom-parser'

const SHARED = 'x52009229'
const PER_FRAME = 'x52009230'

/** Finds the data set that says an attribute of one frame. */
export type Owner = (tag: string) => DataSet

/**
 * Who says what of each frame of an enhanced or legacy-converted image (PS3.3 C.7.6.16): its own functional groups, else
 * those that all frames share, else the image itself. null when the image has no groups.
 */
export function ownersOfFrames(dataSet: DataSet): readonly Owner[] | null {
  const items = dataSet.elements[PER_FRAME]?.items
  if (items === undefined) return null
  const shared = groupsOf(dataSet.elements[SHARED]?.items?.[0]?.dataSet)
  return items.map((item) => {
    const groups = [...groupsOf(item.dataSet), ...shared]
    return (tag) => groups.find((group) => group.elements[tag] !== undefined) ?? dataSet
  })
}

/** Each functional group is a sequence of one item. */
const groupsOf = (groups: DataSet | undefined): readonly DataSet[] =>
  Object.values(groups?.elements ?? {}).flatMap(({ items }) => items?.[0]?.dataSet ?? [])
