import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

from neckfrac_training.export import TOLERANCE, export_bundle, store_half, without_folders
from neckfrac_training.run import train_network
from test_training import tiny


@pytest.fixture(scope="module")
def run(prepared_root, tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    for network in ("segmenter", "slices", "sequence"):
        train_network(network, tiny(epochs=1, validation_count=1), prepared_root, run, quiet=True)
    return run


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("bundle")
    export_bundle(run, out, "tiny", "0.0.1")
    shutil.copytree(out / "parity", out / "half" / "parity")
    for file in ("manifest.json", "segmenter.onnx", "slices.onnx", "sequence.onnx"):
        shutil.copy(out / file, out / "half" / file)
    for network in ("segmenter", "slices", "sequence"):
        store_half(out / "half" / f"{network}.onnx")
    return out


def read(parity, entry):
    """As any reader of the bundle would: stored / divide, each axis repeated."""
    stored = np.fromfile(parity / entry["file"], entry["dtype"]).reshape(entry["storedShape"])
    values = (stored / entry["divide"]).astype(np.float32)
    for axis, times in enumerate(entry["repeat"]):
        values = np.repeat(values, times, axis)
    assert list(values.shape) == entry["shape"]
    return values


@pytest.mark.parametrize("folder", ["", "half"])
def test_parity_fixtures_hold_in_onnx_runtime(bundle, folder):
    bundle = bundle / folder
    described = json.loads((bundle / "manifest.json").read_text())["networks"]
    parity = json.loads((bundle / "parity" / "parity.json").read_text())
    assert set(parity) == {"segmenter", "slices", "sequence"}
    for network, fixture in parity.items():
        session = onnxruntime.InferenceSession(bundle / described[network]["file"])
        found = session.run(None, {"image": read(bundle / "parity", fixture["input"])})
        assert fixture["tolerance"] == TOLERANCE
        for entry, output, values in zip(fixture["outputs"], session.get_outputs(), found, strict=True):
            expected = np.fromfile(bundle / "parity" / entry["file"], "<f4").reshape(entry["shape"])
            assert output.name == entry["name"]
            assert np.abs(values - expected).max() <= (0.02 if folder else TOLERANCE)


def test_the_description_fits_the_files(bundle):
    whole = json.loads((bundle / "manifest.json").read_text())
    assert (whole["name"], whole["version"]) == ("tiny", "0.0.1")
    assert whole["trainedOn"] == "synthetic studies only"
    assert whole["decision"]["learnedOn"] == "nothing yet"
    for entry in whole["networks"].values():
        content = (bundle / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert len(content) == entry["bytes"]
        session = onnxruntime.InferenceSession(bundle / entry["file"])
        for given, said in zip(session.get_inputs(), entry["inputs"], strict=True):
            assert (given.name, given.type) == (said["name"], "tensor(float)")
            for size, wanted in zip(given.shape, said["shape"], strict=True):
                assert isinstance(size, str) if isinstance(wanted, str) else size == wanted
        assert [o.name for o in session.get_outputs()] == [o["name"] for o in entry["outputs"]]
        assert entry["training"]["origins"] == ["phantom"]


def test_a_bundle_keeps_the_networks_that_are_not_exported_again(bundle, run, tmp_path):
    shutil.copytree(bundle, tmp_path / "bundle")
    export_bundle(run, tmp_path / "bundle", "newer", "0.0.2", networks=("slices",))
    for file in ("manifest.json", "parity/parity.json"):
        old, new = (json.loads((folder / file).read_text()) for folder in (bundle, tmp_path / "bundle"))
        assert old.get("networks", old) == new.get("networks", new)


def test_the_bundle_names_no_machine(bundle):
    for file in bundle.rglob("*"):
        if file.is_file():
            assert b"/training/src" not in file.read_bytes()


def test_batches_do_not_mix(bundle):
    session = onnxruntime.InferenceSession(bundle / "sequence.onnx")
    image = np.random.default_rng(0).random((2, 24, 4, 128, 128), np.float32)
    both = session.run(None, {"image": image})[0]
    alone = session.run(None, {"image": image[1:]})[0]
    assert both[1] == pytest.approx(alone[0], abs=1e-5)


def test_fixtures_and_half_storage_are_small(bundle):
    assert sum(f.stat().st_size for f in (bundle / "parity").iterdir()) < 1.5e6
    for network in ("segmenter", "slices", "sequence"):
        file = f"{network}.onnx"
        assert (bundle / "half" / file).stat().st_size < 0.75 * (bundle / file).stat().st_size


def test_a_bundle_names_no_folder_of_the_machine_that_made_it():
    facts = {"weights_file": "/runs/7/weights.pt", "sources": [{"folder": "/data/rsna", "seed": 3}]}
    kept = without_folders(facts | {"shape": ["N", 1], "axes": "slices, head to feet"})
    assert kept["weights_file"] == "weights.pt"
    assert kept["sources"] == [{"folder": "rsna", "seed": 3}]
    assert kept["axes"] == "slices, head to feet"


@pytest.mark.skipif(sys.platform == "win32", reason="there it writes no files")
def test_onnx_runtime_keeps_no_device_id_and_reports_nothing(bundle, tmp_path):
    script = "import neckfrac_training.export, onnxruntime, sys; onnxruntime.InferenceSession(sys.argv[1])"
    # ONNX Runtime is silent by itself where it sees a build machine.
    kept = {k: v for k, v in os.environ.items() if not re.match(r"(CI|GITHUB_ACTIONS|TF_BUILD|ORT_.*)$", k)}
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    path = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-c", script, str(bundle / "segmenter.onnx")]
    subprocess.run(command, env={**kept, **home, **path}, check=True)
    left = [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if "torchinductor" not in str(p)]
    assert left == []
