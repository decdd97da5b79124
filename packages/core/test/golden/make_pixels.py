"""What pydicom reads of the CT files of the edge pile: pixels.json.

pip install as make_frames.py says; python packages/core/test/golden/make_pixels.py ../shared/data
The checksum of a frame is SHA-256 of its stored values, masked to BitsStored and sign-extended, little endian, as many
bytes each as BitsAllocated says.
"""

import hashlib
import json
import sys
import tempfile
import warnings
from pathlib import Path

import gdcm
import numpy as np
import pydicom
from pydicom.dataset import Dataset

sys.path.append(str(Path(__file__).resolve().parents[4] / 'bench' / 'peer'))
from gdcm_syntax import write_in_syntax  # noqa: E402

warnings.filterwarnings('ignore')
JPEG_EXTENDED = '1.2.840.10008.1.2.4.51'


def by_gdcm(path: Path) -> Dataset:
    """
    The same image, decompressed by GDCM itself. pydicom leaves JPEG extended of 12 bits to pylibjpeg, whose cosine
    transform rounds 3 to 4 % of the values to a neighbour; GDCM's is that of the Independent JPEG Group.
    """
    with tempfile.NamedTemporaryFile(suffix='.dcm') as plain:
        write_in_syntax(path, Path(plain.name), gdcm.TransferSyntax.ExplicitVRLittleEndian)
        return pydicom.dcmread(plain.name)


def stored_values(ds: Dataset) -> np.ndarray:
    """(frames, rows, columns); a value that is longer than its frames is cut."""
    array = ds.pixel_array
    array = (array if array.ndim == 3 else array[None])[: int(ds.get('NumberOfFrames') or 1)]
    bits = array.astype('int64') >> (ds.HighBit + 1 - ds.BitsStored) & (2**ds.BitsStored - 1)
    if ds.PixelRepresentation == 1:
        bits -= (bits >> (ds.BitsStored - 1)) << ds.BitsStored
    kind = 'i' if ds.PixelRepresentation == 1 else 'u'
    return bits.astype(f'<{kind}{ds.BitsAllocated // 8}')


def read(path: Path) -> dict | None:
    """Without checksums where pydicom gives an array that holds no stored values of a CT: colours, bits that do not fit."""
    try:
        ds = pydicom.dcmread(path, force=True)
        if ds.get('Modality') != 'CT':
            return None
        syntax = str(ds.file_meta.get('TransferSyntaxUID', ''))
        if syntax == JPEG_EXTENDED:
            ds = by_gdcm(path)
        array = ds.pixel_array
        entry = {'syntax': syntax, 'shape': [int(ds.get('NumberOfFrames') or 1), int(ds.Rows), int(ds.Columns)]}
        fits = 0 < ds.BitsStored <= ds.HighBit + 1 <= ds.BitsAllocated
        if ds.get('SamplesPerPixel', 1) == 1 and ds.BitsAllocated in (8, 16) and fits and array.size > 0:
            entry['sha256'] = [hashlib.sha256(f.tobytes()).hexdigest() for f in stored_values(ds)]
    except Exception:  # noqa: BLE001 Whatever pydicom throws, it has not read the file.
        return None
    return entry


def main() -> None:
    root = Path(sys.argv[1])
    files = {}
    for path in sorted((root / 'dicom-edge').rglob('*')):
        entry = read(path) if path.is_file() else None
        if entry is not None:
            files[path.relative_to(root).as_posix()] = entry
    out = Path(__file__).parent / 'pixels.json'
    out.write_text(json.dumps({'pydicom': pydicom.__version__, 'files': files}, indent=1) + '\n')
    print(len(files), 'files,', sum(e['shape'][0] for e in files.values()), 'frames')


if __name__ == '__main__':
    main()
