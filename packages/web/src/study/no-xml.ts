/** Stands for `xmlbuilder2`, which vtk.js asks for to read its own XML formats: it needs Node's `events`, and nothing here is XML. */
const refuse = (): never => {
  throw new Error('this page reads no XML')
}

export { refuse as convert, refuse as create, refuse as decompress }
