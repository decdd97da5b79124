"""One synthetic image in every compressed transfer syntax, and what pydicom decodes it to: frames.json.

pip install pydicom==3.0.2 numpy python-gdcm==3.2.6 pylibjpeg==2.1.0 pylibjpeg-libjpeg==2.5.0 pylibjpeg-openjpeg==2.6.0 pyjpegls==1.5.1
python packages/core/test/golden/make_frames.py, in the repository, Node 24 first in PATH.
"""

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels import pixel_array
from pydicom.uid import UID, ExplicitVRLittleEndian

HERE = Path(__file__).parent
ROWS, COLUMNS = 40, 52


def image(low: float, high: float, dtype: str) -> np.ndarray:
    """A disc on a slope, with noise. (40, 52)"""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    disc = np.hypot(y - 18, x - 25) < 14
    noise = np.random.default_rng(7).normal(0, 0.02, (ROWS, COLUMNS))
    part = np.clip(0.1 + 0.004 * x + 0.5 * disc + noise, 0, 1)
    return np.round(low + (high - low) * part).astype(dtype)


def describe(array: np.ndarray, stored: int, syntax: str) -> Dataset:
    ds = Dataset()
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.NumberOfFrames = ROWS, COLUMNS, 1, 1
    ds.PhotometricInterpretation = 'MONOCHROME2'
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8 * array.itemsize, stored, stored - 1
    ds.PixelRepresentation = int(array.dtype.kind == 'i')
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.PixelData = array.astype(array.dtype.newbyteorder('<')).tobytes()
    ds['PixelData'].VR = 'OW'
    return ds


CT = image(-1024, 3000, 'int16'), 16
CT12 = image(0, 4000, 'uint16'), 12
BYTES = image(0, 250, 'uint8'), 8
# Transfer syntax, image, and how to encode it: by pydicom with these arguments, or by dcmjs-codecs.
CASES = [
    ('5', CT, {}),
    ('5', BYTES, {}),
    ('4.50', BYTES, ('Jpeg', {'lossy': True, 'quality': 90})),
    ('4.51', BYTES, ('Jpeg', {'lossy': True, 'quality': 90})),
    ('4.57', CT, ('Jpeg', {'lossy': False, 'predictor': 6})),
    ('4.70', CT, ('Jpeg', {'lossy': False, 'predictor': 1})),
    ('4.70', BYTES, ('Jpeg', {'lossy': False, 'predictor': 1})),
    ('4.80', CT, {}),
    ('4.80', BYTES, {}),
    ('4.81', CT12, {'jls_error': 3}),
    ('4.90', CT, {}),
    ('4.90', BYTES, {}),
    ('4.91', CT12, {'j2k_cr': [4]}),
    ('4.201', CT, ('HtJpeg2000', {'lossy': False})),
    ('4.202', CT12, ('HtJpeg2000', {'lossy': False, 'progressionOrder': 2})),
    ('4.203', CT12, ('HtJpeg2000', {'lossy': True})),
]


def encode(array: np.ndarray, stored: int, syntax: str, how) -> bytes:
    if isinstance(how, dict):
        ds = describe(array, stored, ExplicitVRLittleEndian)
        ds.compress(UID(syntax), array, **how)
        return get_frame(ds.PixelData, 0, number_of_frames=1)
    kind, options = how
    job = {
        'kind': kind, 'options': options, 'width': COLUMNS, 'height': ROWS, 'bits': 8 * array.itemsize,
        'stored': stored, 'signed': array.dtype.kind == 'i', 'pixels': base64.b64encode(array.tobytes()).decode(),
    }  # fmt: skip
    done = subprocess.run(
        ['node', HERE / 'encode_frames.mjs'], input=json.dumps(job), text=True, capture_output=True, check=True
    )
    return base64.b64decode(done.stdout)


def main() -> None:
    frames = []
    for short, (array, stored), how in CASES:
        syntax = f'1.2.840.10008.1.2.{short}'
        frame = encode(array, stored, syntax, how)
        ds = describe(array, stored, syntax)
        ds.PixelData = encapsulate([frame if len(frame) % 2 == 0 else frame + b'\0'])
        ds['PixelData'].is_undefined_length = True
        decoded = pixel_array(ds)
        lossless = syntax.rsplit('.', 1)[1] not in ('50', '51', '81', '91', '203')
        assert not lossless or (decoded == array).all(), syntax
        values = decoded.astype(decoded.dtype.newbyteorder('<')).tobytes()
        frames.append({
            'syntax': syntax,
            'bitsAllocated': 8 * array.itemsize,
            'frame': base64.b64encode(frame).decode(),
            'sha256': hashlib.sha256(values).hexdigest(),
            # Two decoders of a discrete cosine transform may differ by one.
            **({} if lossless else {'values': base64.b64encode(values).decode()}),
        })  # fmt: skip
        print(syntax, array.dtype, len(frame), 'bytes, largest difference', abs(decoded.astype(int) - array).max())
    (HERE / 'frames.json').write_text(json.dumps({'rows': ROWS, 'columns': COLUMNS, 'frames': frames}, indent=1) + '\n')


if __name__ == '__main__':
    main()
