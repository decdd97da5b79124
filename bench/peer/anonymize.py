"""Judges `neckfrac anonymize` and `gdcmanon` on the same files, with pydicom and an independent table of the profile.

    anonymize.py PILE OURS KEY --gdcmanon PROGRAM --certificate FILE

PILE is the folder that was anonymised, OURS what `neckfrac anonymize PILE --out OURS --key KEY` wrote; the same files go
through gdcmanon one by one. Prints a Markdown table. Ends with 1 when anything of the profile is left in OURS.
"""

import argparse
import hashlib
import hmac
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import pydicom
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom.datadict import dictionary_has_tag

KEPT_WITH_NEW_UIDS = set(table.X_Z_U_STAR_TAGS)
LISTED = {tag for tag in table.ALL_TAGS if len(tag) == 2} - KEPT_WITH_NEW_UIDS
IDENTIFYING = ("PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "AccessionNumber",
               "ReferringPhysicianName", "InstitutionName", "InstitutionAddress", "StudyInstanceUID",
               "SeriesInstanceUID", "SOPInstanceUID", "StudyID")  # fmt: skip
DUMMIES = (b"ANONYMIZED", b"19000101")
STATEMENT = {0x00120062, 0x00120063, 0x00120064, 0x00280303}


LIMIT_S = 20


def walk(dataset, path=()):
    """Every element that is no sequence, with the tags and item numbers that lead to it."""
    for element in dataset:
        here = (*path, int(element.tag))
        if element.VR == "SQ":
            for n, item in enumerate(element.value or []):
                yield from walk(item, (*here, n))
        else:
            yield here, element


def new_uid(key, uid):
    """The keyed UID map, written a second time."""
    number = int(hmac.new(key, f"uid:{uid}".encode(), hashlib.sha256).hexdigest()[:32], 16)
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62
    return f"2.25.{number}"


def is_listed(path):
    """The profile acts on the element itself or on a sequence around it."""
    tags = [t for t in path if t > 0xFFFF]
    return any((t >> 16, t & 0xFFFF) in LISTED or (t >> 24) in (0x50, 0x60) for t in tags)


def is_private(path):
    return any((t >> 16) % 2 == 1 for t in path if t > 0xFFFF)


def judge(old, new, old_bytes, new_bytes, counts):
    """Compares one file with its copy."""
    before, after = dict(walk(old)), dict(walk(new))
    for path, element in before.items():
        if path[0] in STATEMENT or path[0] < 0x00080000:  # commands have no place in a file
            continue
        value, left = element.value, after.get(path)
        if is_private(path):
            counts["private attributes left"] += left is not None
        elif is_listed(path):
            well_known = element.VR == "UI" and str(value).startswith("1.2.840.10008.")
            same = left is not None and left.value == value and value not in (None, "", b"", 0, "ANONYMIZED")
            counts["listed attributes left as they were"] += same and not well_known
        elif dictionary_has_tag(path[-1]) and element.VR != "PN":
            counts["attributes to keep, changed or lost"] += left is None or left.value != value
            counts["attributes kept"] += left is not None and left.value == value
    header = new_bytes[: new_bytes.rfind(b"\xe0\x7f\x10\x00")] if "PixelData" in new else new_bytes
    for keyword in IDENTIFYING:
        values = old.get(keyword, "")
        for value in [values] if isinstance(values, str) or not hasattr(values, "__iter__") else list(values):
            raw = str(value).strip().encode("latin-1", "replace")
            is_found = len(raw) >= 6 and raw not in DUMMIES and raw in header
            counts["values of patient and study that stand in the copy's header"] += is_found
    if "PixelData" in old:
        counts["images"] += 1
        counts["pixel bytes changed"] += old.PixelData != new.get("PixelData")
    meta = {int(e.tag) for e in getattr(new, "file_meta", [])}
    counts["names of the sending machine in the file meta"] += 0x00020016 in meta
    counts["preambles with content"] += any(new_bytes[:128])


def read(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        list(walk(dataset))  # raises where a value cannot be understood
        return dataset


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pile", type=Path)
    parser.add_argument("ours", type=Path)
    parser.add_argument("key", type=Path)
    parser.add_argument("--gdcmanon", required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    args = parser.parse_args()
    key = bytes.fromhex(args.key.read_text().strip())
    written = {path.stem: path for path in args.ours.rglob("*.dcm")}
    sides = {"neckfrac": Counter(), "gdcmanon": Counter()}
    done = set()
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    for path in sorted(p for p in args.pile.rglob("*") if p.is_file()):
        try:
            old = read(path)
            uid = str(old.SOPInstanceUID)
        except Exception:
            continue
        sides["neckfrac"]["files that pydicom reads"] += 1
        sides["gdcmanon"]["files that pydicom reads"] += 1
        name = new_uid(key, uid)
        ours = written.get(name)
        if ours is not None and name not in done:
            new = read(ours)
            # Of several files with the same UID one was written.
            if "PixelData" not in old or old.PixelData == new.PixelData:
                done.add(name)
                sides["neckfrac"]["files written"] += 1
                judge(old, new, path.read_bytes(), ours.read_bytes(), sides["neckfrac"])
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.dcm"
            command = [args.gdcmanon, "-e", "-c", args.certificate, "-i", path, "-o", out]
            try:
                ended = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False).returncode
                new = read(out) if ended == 0 and out.exists() else None
            except subprocess.TimeoutExpired:
                sides["gdcmanon"][f"files not done in {LIMIT_S} s"] += 1
                new = None
            except Exception:
                new = None
            if new is not None:
                sides["gdcmanon"]["files written"] += 1
                judge(old, new, path.read_bytes(), out.read_bytes(), sides["gdcmanon"])
    sides["neckfrac"]["files written that no original explains"] = len(written) - len(done)
    rows = sorted({row for counts in sides.values() for row in counts}, key=lambda row: not row.startswith("files"))
    print("| | neckfrac anonymize | gdcmanon |\n|---|---|---|")
    for row in rows:
        print(f"| {row} | {sides['neckfrac'][row]} | {sides['gdcmanon'][row]} |")
    ours = sides["neckfrac"]
    zero = [row for row in ours if "left" in row or "changed" in row or "no original" in row]
    return 1 if any(ours[row] for row in zero) else 0


if __name__ == "__main__":
    sys.exit(main())
