/** The part of dcmjs that is used here; the package ships no types. */
declare module 'dcmjs' {
  type DicomDict = {
    meta: Record<string, { vr: string; Value: unknown[] }>
    /** Part 10 bytes. */
    write(options?: { allowInvalidVRLength?: boolean; fragmentMultiframe?: boolean }): ArrayBuffer
  }
  const dcmjs: {
    readonly data: {
      datasetToDict(dataset: Record<string, unknown>): DicomDict
      readonly DicomMetaDictionary: {
        /** By tag as "(gggg,eeee)" in capitals. */
        readonly dictionary: Readonly<
          Record<string, { readonly vr: string; readonly name: string } | undefined>
        >
      }
    }
  }
  export default dcmjs
}
