"""What pydicom reads from the slices that dicom-write.ts writes. Run: python dicom-write.py"""

import hashlib
import io
import json
import subprocess
from pathlib import Path

import pydicom

here = Path(__file__).parent
root = here.parents[3]
golden = {}
for name in ("narrow", "wide"):
    command = ["npx", "node", str(here / "dicom-write.ts"), name]
    data = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True).stdout
    slice_ = pydicom.dcmread(io.BytesIO(data))
    hu = slice_.pixel_array.astype(int) * int(slice_.RescaleSlope) + int(slice_.RescaleIntercept)
    golden[name] = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "hu": hu.ravel().tolist(),
        "position": [float(v) for v in slice_.ImagePositionPatient],
        "orientation": [float(v) for v in slice_.ImageOrientationPatient],
        "pixelSpacing": [float(v) for v in slice_.PixelSpacing],
        "bitsStored": slice_.BitsStored,
    }
with open(here / "dicom-write.json", "w") as file:
    json.dump(golden, file, indent=1)
    file.write("\n")
