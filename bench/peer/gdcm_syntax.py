"""The same DICOM image in another transfer syntax, by GDCM."""

from pathlib import Path

import gdcm


def write_in_syntax(path: Path, target: Path, syntax: int) -> None:
    """`syntax` is one of gdcm.TransferSyntax."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    assert reader.Read()
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
