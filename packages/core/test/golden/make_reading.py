"""Golden numbers for reading, made by pydicom, nibabel and numpy alone.

Run from anywhere: python packages/core/test/golden/make_reading.py
Inputs lie in ../shared/data beside the repository. HU are kept within -1024..3071; world is LPS in mm.
Samples are (LPS position, HU), so that they hold for any order of the array's axes.
"""

import json
import re
from pathlib import Path

import nibabel
import numpy
import pydicom

ROOT = Path(__file__).resolve().parents[4]
DATA = ROOT.parent / "shared" / "data"
EDGE = "dicom-edge/cornerstonejs-cornerstone3D/CTImage.dcm"
rng = numpy.random.default_rng(7)


def stats(hu):
    return {"min": int(hu.min()), "max": int(hu.max()), "mean": float(hu.mean(dtype=numpy.float64))}


def samples(hu, ijk_to_lps, count=60):
    """hu[z, y, x]; random voxels with their positions."""
    found = []
    for _ in range(count):
        z, y, x = (int(rng.integers(n)) for n in hu.shape)
        lps = ijk_to_lps @ [x, y, z, 1]
        found.append([*(round(float(v), 5) for v in lps[:3]), int(hu[z, y, x])])
    return found


def slice_hu(data):
    stored = data.pixel_array.astype(numpy.int64)
    hu = stored * float(data.RescaleSlope) + float(data.RescaleIntercept)
    return numpy.clip(numpy.rint(hu), -1024, 3071).astype(numpy.int16)


def series(folder):
    images = {}
    for path in (DATA / folder).rglob("*.dcm"):
        data = pydicom.dcmread(path)
        images.setdefault(data.SeriesInstanceUID, []).append(data)
    chosen = max(images.values(), key=len)
    rows, columns = (numpy.array(chosen[0].ImageOrientationPatient[i : i + 3], float) for i in (0, 3))
    normal = numpy.cross(rows, columns)
    chosen.sort(key=lambda data: float(numpy.dot(normal, [float(v) for v in data.ImagePositionPatient])))
    hu = numpy.stack([slice_hu(data) for data in chosen])
    first, last = (numpy.array(chosen[i].ImagePositionPatient, float) for i in (0, -1))
    matrix = numpy.eye(4)
    matrix[:3, 0] = rows * float(chosen[0].PixelSpacing[1])
    matrix[:3, 1] = columns * float(chosen[0].PixelSpacing[0])
    matrix[:3, 2] = (last - first) / (len(chosen) - 1)
    matrix[:3, 3] = first
    return {
        "path": folder,
        "seriesInstanceUid": chosen[0].SeriesInstanceUID,
        "shape": list(hu.shape),
        "ijkToLps": matrix.ravel().tolist(),
        "firstSop": chosen[0].SOPInstanceUID,
        **stats(hu),
        "samples": samples(hu, matrix),
    }


def single(path):
    data = pydicom.dcmread(DATA / path)
    hu = slice_hu(data)
    points = [[int(rng.integers(hu.shape[0])), int(rng.integers(hu.shape[1]))] for _ in range(40)]
    return {
        "path": path,
        "transferSyntaxUid": str(data.file_meta.TransferSyntaxUID),
        "shape": list(hu.shape),
        **stats(hu),
        "samples": [[y, x, int(hu[y, x])] for y, x in points],
    }


def nifti(path, labels=False):
    image = nibabel.load(DATA / path)
    values = numpy.asarray(image.dataobj)
    hu = values.astype(numpy.int64) if labels else numpy.clip(numpy.rint(values), -1024, 3071)
    matrix = numpy.diag([-1, -1, 1, 1]) @ image.affine
    zyx = numpy.transpose(hu, (2, 1, 0))
    counts = {int(k): int(v) for k, v in zip(*numpy.unique(hu, return_counts=True))} if labels else None
    found = {"path": path, "voxels": int(hu.size), **stats(hu), "samples": samples(zyx, matrix)}
    return {**found, "counts": counts} if labels else found


golden = {
    "series": [series("ct-acrin-flt-breast-001"), series("ct-lidc-idri-0314-top70")],
    "single": [
        single(path)
        for path in (
            f"{EDGE}_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm",
            f"{EDGE}_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm",
            f"{EDGE}_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm",
            f"{EDGE}_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm",
            "dicom-edge/cornerstonejs-dicomParser/CT1_UNC.explicit_little_endian.dcm",
            "dicom-edge/cornerstonejs-dicomParser/CT1_UNC.implicit_little_endian.dcm",
            "dicom-edge/pydicom-pydicom/CT_small.dcm",
        )
    ],
    "nifti": [nifti("ct-openkbp/pt_1.nii.gz"), nifti("ct-openkbp/pt_10.nii.gz")],
    "labels": [nifti("verse-gl003/sub-gl003_dir-ax_seg-vert_msk.nii.gz", labels=True)],
}
text = json.dumps(golden, indent=1)
# One sample a line.

text = re.sub(r"\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
Path(__file__).with_name("reading.json").write_text(text + "\n")
