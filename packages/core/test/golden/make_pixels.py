"""What pydicom reads of the CT files of the edge pile: pixels.json.

pip install as make_frames.py says; python packages/core/test/golden/make_pixels.py ../shared/data
The checksum of a frame is SHA-256 of its stored values, masked to BitsStored and sign-extended, little endian, as many
bytes each as BitsAllocated says.
"""

import hashlib
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

warnings.filterwarnings('ignore')
# A discrete cosine transform with 12 bits: decoders differ by one, so that statistics take the place of a checksum.
INEXACT = '1.2.840.10008.1.2.4.51'


def stored_values(ds: Dataset) -> np.ndarray:
    """(frames, rows, columns)"""
    array = ds.pixel_array
    array = array if array.ndim == 3 else array[None]
    bits = array.astype('int64') >> (ds.HighBit + 1 - ds.BitsStored) & (2**ds.BitsStored - 1)
    if ds.PixelRepresentation == 1:
        bits -= (bits >> (ds.BitsStored - 1)) << ds.BitsStored
    kind = 'i' if ds.PixelRepresentation == 1 else 'u'
    return bits.astype(f'<{kind}{ds.BitsAllocated // 8}')


def read(path: Path) -> dict | None:
    try:
        ds = pydicom.dcmread(path, force=True)
        if ds.get('Modality') != 'CT' or ds.get('SamplesPerPixel', 1) != 1 or ds.BitsAllocated not in (8, 16):
            return None
        # What no reader can know: bits beyond those allocated, and a value longer than its frames.
        if not 0 < ds.BitsStored <= ds.HighBit + 1 <= ds.BitsAllocated:
            return None
        frames = stored_values(ds)
        if len(frames) != int(ds.get('NumberOfFrames') or 1):
            return None
    except Exception:  # noqa: BLE001 Whatever pydicom throws, it has not read the file.
        return None
    syntax = str(ds.file_meta.get('TransferSyntaxUID', ''))
    entry = {'syntax': syntax, 'shape': frames.shape}
    if syntax == INEXACT:
        entry['statistics'] = [[int(f.min()), int(f.max()), float(f.mean())] for f in frames]
    else:
        entry['sha256'] = [hashlib.sha256(f.tobytes()).hexdigest() for f in frames]
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
