"""A run's weights -> a bundle: three ONNX files, parity fixtures and manifest.json.

Batch norms are folded by the exporter. Each file is run in ONNX Runtime against PyTorch before it is kept.
"""

import hashlib
import json
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from .data import LEVELS
from .networks import build
from .recipe import recipe_from_dict

OPSET = 18
TOLERANCE = 1e-4
"""Largest difference of a logit between PyTorch and ONNX Runtime."""
UNCALIBRATED = {
    "sliceModelWeight": 0.5,
    "calibration": {"slope": 1, "intercept": 0},
    "operatingPoint": "none",
    "thresholds": {level: 0.5 for level in (*LEVELS, "patient")},
    "learnedOn": "nothing yet",
}
"""Stands in a fresh bundle until `neckfrac calibrate` learns the real one on unseen studies."""
CLASS_NAMES = ["background", *LEVELS, "T1", "T2 and lower"]


class ExportError(RuntimeError):
    """An exported network that does not say what PyTorch says."""


class Fracture(nn.Module):
    """Model II without what only training uses."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, image):
        return self.network(image)[0]


@dataclass(frozen=True)
class Contract:
    """What stands in manifest.json about a network's tensors."""

    inputs: list
    outputs: list
    example: tuple[int, ...]  # of the parity fixture, before `repeat`
    repeat: tuple[int, ...]


def contract(network: str) -> Contract:
    crop = {"spacingMm": {"z": 1.5, "y": 0.7, "x": 0.7}, "range": [0, 1], "rangeHu": [-400, 1400]}
    channels = ["previous slice", "slice", "next slice", "mask of the vertebra at the slice"]
    if network == "segmenter":
        image = {
            "name": "image",
            "dtype": "float32",
            "shape": ["N", 5, "H", "W"],
            "multipleOf": {"H": 16, "W": 16},
            "range": [-1024, 3071],
            "unit": "HU",
            "channels": [f"sagittal slice x{n:+d}" if n else "sagittal slice x" for n in range(-2, 3)],
            "axes": {"H": "head to feet", "W": "front to back", "channel": "right to left"},
            "spacingMm": {"x": 4, "z": 2, "y": 2},
            "outsideField": -1024,
        }
        logits = {"name": "logits", "dtype": "float32", "shape": ["N", 10, "H", "W"], "channels": CLASS_NAMES}
        return Contract([image], [logits], (1, 5, 64, 48), (1, 1, 1, 1))
    if network == "slices":
        image = {
            "name": "image",
            "dtype": "float32",
            "shape": ["N", 4, 128, 128],
            "channels": channels,
            **crop,
        }
        fracture = {"name": "fracture", "dtype": "float32", "shape": ["N", 7], "channels": list(LEVELS)}
        heat = {"name": "heat", "dtype": "float32", "shape": ["N", 1, 16, 16], "cellPixels": 8}
        return Contract([image], [fracture, heat], (2, 4, 64, 64), (1, 1, 2, 2))
    image = {
        "name": "image",
        "dtype": "float32",
        "shape": ["N", 24, 4, 128, 128],
        "channels": channels,
        "axes": {"1": "slices, head to feet"},
        **crop,
    }
    fracture = {"name": "fracture", "dtype": "float32", "shape": ["N", 1]}
    return Contract([image], [fracture], (1, 24, 4, 32, 32), (1, 1, 1, 4, 4))


def load_network(folder: Path) -> tuple[nn.Module, dict]:
    """The trained network of RUN/NETWORK and what its run.json says."""
    facts = json.loads((folder / "run.json").read_text())
    network = build(facts["network"], recipe_from_dict(facts["recipe"]))
    weights = torch.load(folder / "weights.pt", map_location="cpu", weights_only=True)
    network.load_state_dict(weights)
    return network.eval(), facts


NETWORKS = ("segmenter", "slices", "sequence")


def export_bundle(
    run: Path, bundle: Path, name: str, version: str, half: bool = False, networks=NETWORKS
) -> list[str]:
    """Exports those of the networks that the run has; lines that say what was written.

    A bundle that is there already keeps its other networks and loses its decision, which was learned with the
    old ones.
    """
    bundle, lines, entries, parity = Path(bundle), [], {}, {}
    parity_path, manifest_path = bundle / "parity" / "parity.json", bundle / "manifest.json"
    parity_path.parent.mkdir(parents=True, exist_ok=True)
    for network in networks:
        folder = Path(run) / network
        if not (folder / "run.json").exists():
            continue
        module, facts = load_network(folder)
        path = bundle / f"{network}.onnx"
        export_network(network, module, path)
        difference = check(network, module, path)
        if difference > TOLERANCE:
            raise ExportError(f"{path}: ONNX Runtime differs from PyTorch by {difference:.2e}")
        rounding = 0.0
        if half:
            store_half(path)
            rounding = check(network, module, path)
        parity[network] = write_fixture(network, module, bundle / "parity", max(TOLERANCE, 4 * rounding))
        entries[network] = describe(network, path, facts, difference, rounding)
        extra = f", float16 storage {rounding:.1e}" if half else ""
        lines.append(f"{path} {path.stat().st_size / 1e6:.1f} MB, differs by {difference:.1e}{extra}")
    if not entries:
        raise FileNotFoundError(f"{run} holds no trained network")
    index = next(iter(json.loads((Path(run) / n / "run.json").read_text()) for n in entries))["data"]["index"]
    if manifest_path.exists():
        parity = json.loads(parity_path.read_text()) | parity
        entries = json.loads(manifest_path.read_text())["networks"] | entries
    parity_path.write_text(json.dumps(parity, indent=1) + "\n")
    manifest = {
        "format": "neckfrac-bundle",
        "formatVersion": 1,
        "name": name,
        "version": version,
        "trainedOn": trained_on(entries),
        "prepared": index,
        "networks": entries,
        "decision": UNCALIBRATED,
    }
    manifest_path.write_text(json.dumps(without_folders(manifest), indent=1) + "\n")
    return [*lines, f"{manifest_path}: run `neckfrac calibrate` on it next"]


def without_folders(value):
    """Absolute paths cut down to their last name: a bundle travels, and a path tells who made it."""
    if isinstance(value, dict):
        return {key: without_folders(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_folders(part) for part in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def trained_on(entries: dict) -> str:
    """What every report of the bundle says about its training."""
    origins = {origin for entry in entries.values() for origin in entry["training"]["origins"]}
    if origins == {"phantom"}:
        return "synthetic studies only"
    return "real studies" if "phantom" not in origins else "synthetic and real studies"


def export_network(network: str, module: nn.Module, path: Path):
    """Writes one self-contained ONNX file with a dynamic batch (and size, for the segmenter)."""
    wanted = contract(network)
    example = torch.from_numpy(example_input(network)[0])
    example = torch.cat([example, example])[:2]
    axes = {0: torch.export.Dim("N", min=1, max=4096)}
    if network == "segmenter":
        axes |= {2: 16 * torch.export.Dim("H16", max=256), 3: 16 * torch.export.Dim("W16", max=256)}
    module = Fracture(module) if network == "sequence" else module
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=[t["name"] for t in wanted.inputs],
            output_names=[t["name"] for t in wanted.outputs],
            dynamic_shapes=(axes,),
        )
    model = program.model_proto
    for node in model.graph.node:  # names of source files and lines, which are of no use to a reader
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)


def example_input(network: str) -> tuple[np.ndarray, np.ndarray]:
    """(float32 input, what is stored of it): smooth blobs with noise, from a fixed seed."""
    rng = np.random.default_rng(3)
    wanted = contract(network)
    coarse = rng.random([n if k < 2 or n < 8 else max(n // 8, 1) for k, n in enumerate(wanted.example)])
    for axis, size in enumerate(wanted.example):
        coarse = np.repeat(coarse, size // coarse.shape[axis], axis)
    noisy = (0.8 * coarse + 0.2 * rng.random(wanted.example)).clip(0, 1)
    if network == "segmenter":
        stored = (noisy * 1800 - 600).astype(np.int16)
        return stored.astype(np.float32), stored
    stored = (noisy * 255).astype(np.uint8)
    values = (stored / 255).astype(np.float32)
    for axis, times in enumerate(wanted.repeat):
        values = np.repeat(values, times, axis)
    return values, stored


@torch.no_grad()
def torch_outputs(network: str, module: nn.Module, values: np.ndarray) -> list[np.ndarray]:
    outputs = module(torch.from_numpy(values))
    outputs = outputs[:1] if network == "sequence" else outputs
    return [o.numpy() for o in (outputs if isinstance(outputs, tuple) else (outputs,))]


def check(network: str, module: nn.Module, path: Path) -> float:
    """Largest difference over batches of one and three, and another size for the segmenter."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    one = example_input(network)[0][:1]
    trials = [one, np.concatenate([one, one[..., ::-1], one[..., ::-1, :]])]
    if network == "segmenter":
        trials.append(np.tile(one, (1, 1, 2, 3)))
    largest = 0.0
    for values in trials:
        values = np.ascontiguousarray(values)
        expected = torch_outputs(network, module, values)
        found = session.run(None, {"image": values})
        largest = max(largest, *(float(np.abs(a - b).max()) for a, b in zip(expected, found, strict=True)))
    return largest


def write_fixture(network: str, module: nn.Module, folder: Path, tolerance: float) -> dict:
    """Raw little-endian arrays, and how to read them: value = stored / divide, each axis repeated."""
    wanted = contract(network)
    values, stored = example_input(network)
    stored.tofile(folder / f"{network}.image.bin")
    outputs = []
    for tensor, expected in zip(wanted.outputs, torch_outputs(network, module, values), strict=True):
        file = f"{network}.{tensor['name']}.bin"
        expected.astype("<f4").tofile(folder / file)
        entry = {"name": tensor["name"], "file": file, "dtype": "float32", "shape": list(expected.shape)}
        outputs.append(entry)
    image = {
        "name": "image",
        "file": f"{network}.image.bin",
        "dtype": str(stored.dtype),
        "storedShape": list(stored.shape),
        "divide": 1 if network == "segmenter" else 255,
        "repeat": list(wanted.repeat),
        "shape": list(values.shape),
    }
    return {"input": image, "outputs": outputs, "tolerance": tolerance}


def describe(network: str, path: Path, facts: dict, difference: float, rounding: float) -> dict:
    wanted, recipe = contract(network), facts["recipe"]
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "opset": OPSET,
        "weights": "float16" if rounding else "float32",
        "differenceFromPyTorch": max(difference, rounding),
        "inputs": wanted.inputs,
        "outputs": wanted.outputs,
        "recipe": {"name": recipe["name"], "seed": recipe["seed"], **recipe[network]},
        "training": {
            **facts["training"],
            "studies": facts["data"]["studies"],
            "origins": facts["data"]["origins"],
            "validation": facts["validation"],
        },
    }


def store_half(path: Path, least: int = 512):
    """Rewrites a file with its larger float32 weights as float16 and a Cast after each; a runtime folds the
    casts when it loads the file, so computing stays in float32."""
    model = onnx.load(path)
    kept, casts = [], []
    for weight in model.graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size >= least and np.abs(values).max() < 6e4:
            stored = onnx.numpy_helper.from_array(values.astype(np.float16), weight.name + ".half")
            kept.append(stored)
            cast = onnx.helper.make_node("Cast", [stored.name], [weight.name], to=onnx.TensorProto.FLOAT)
            casts.append(cast)
        else:
            kept.append(weight)
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)
