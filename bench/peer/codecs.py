"""Encodes a study in compressed transfer syntaxes, and decodes such a study with pydicom: the peer of bench/codecs.ts.

codecs.py encode STUDY OUT      OUT/rle, OUT/jpeg-ls, OUT/jpeg-2000, OUT/jpeg-lossless: a file a slice
codecs.py decode FOLDER WORKERS  prints the seconds, without imports, and a checksum of all stored values
"""

import hashlib
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import gdcm
import pydicom
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from gdcm_syntax import write_in_syntax

SYNTAXES = {'rle': RLELossless, 'jpeg-ls': JPEGLSLossless, 'jpeg-2000': JPEG2000Lossless}


def encode(study: Path, out: Path) -> None:
    for path in sorted(study.iterdir()):
        for name, uid in SYNTAXES.items():
            ds = pydicom.dcmread(path)
            ds.compress(uid, generate_instance_uid=False)
            (out / name).mkdir(parents=True, exist_ok=True)
            ds.save_as(out / name / path.name)
        (out / 'jpeg-lossless').mkdir(exist_ok=True)
        lossless = gdcm.TransferSyntax.JPEGLosslessProcess14_1
        write_in_syntax(path, out / 'jpeg-lossless' / path.name, lossless)


def decode(path: Path) -> None:
    assert pydicom.dcmread(path).pixel_array.size > 0


def checksum(path: Path) -> str:
    return hashlib.sha256(pydicom.dcmread(path).pixel_array.tobytes()).hexdigest()


def main() -> None:
    what, first, second = sys.argv[1:4]
    if what == 'encode':
        encode(Path(first), Path(second))
        return
    paths = sorted(Path(first).iterdir())
    with ProcessPoolExecutor(int(second)) as pool:
        # Starting the processes and importing the decoders does not count.
        list(pool.map(decode, paths[:8], chunksize=1))
        start = time.perf_counter()
        list(pool.map(decode, paths, chunksize=8))
        seconds = time.perf_counter() - start
        sums = list(pool.map(checksum, paths, chunksize=8))
    print(json.dumps({'seconds': seconds, 'sha256': hashlib.sha256(''.join(sums).encode()).hexdigest()}))


if __name__ == '__main__':
    main()
