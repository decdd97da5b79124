"""Trains one network into RUN/NETWORK/, with the stages and the starting weights its recipe asks for."""

import dataclasses
import json
import platform
import shutil
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from tqdm import tqdm

from . import __version__
from .data import Prepared, read_prepared
from .imagenet import imagenet_weights
from .loop import Training, autocast_for, processes, rank_and_count
from .metrics import json_numbers
from .networks import build, load_encoder_weights, read_weights
from .recipe import Recipe, recipe_to_dict
from .segmenter import SegmenterTask
from .sequence import HeadTask, SequenceTask, collect_features, embed_vertebrae
from .slices import SlicesTask

TASKS = {"segmenter": SegmenterTask, "slices": SlicesTask, "sequence": SequenceTask}


def train_network(
    network: str, recipe: Recipe, root: Path, out: Path, resume=False, device="", quiet=False
) -> dict:
    """Returns the last row of the log. `out` is the run's folder, shared by the three networks."""
    folder = Path(out) / network
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    with processes(device) as place:
        prepared = read_prepared(root)
        own = getattr(recipe, network)
        torch.manual_seed(recipe.seed)
        model = build(network, recipe)
        if not resume and rank_and_count()[0] == 0:
            shutil.rmtree(folder, ignore_errors=True)
        if rank_and_count()[1] > 1:
            dist.barrier()
        start_weights(model, own, Path(out))
        task = TASKS[network](recipe)
        if network == "sequence" and own.feature_minutes:
            spent = train_head(task, model, prepared, folder, place, quiet)
            own = dataclasses.replace(
                own, minutes=max(own.minutes - spent / 60, 0.01) if own.minutes else 0.0
            )
        training = Training(task, model, own, folder, recipe.seed, place, quiet)
        if resume:
            training.resume()
        row = training.run(prepared)
        if rank_and_count()[0] == 0:
            write_facts(folder, network, recipe, training, row)
        return row


def start_weights(model, own, run: Path):
    """init_from: the encoder of a network of this run. weights_file: "imagenet", or a local file, either the
    weights.pt of an earlier training of the same network, which then starts whole, or weights by the
    encoder's names."""
    if own.weights_file:
        ready = own.weights_file == "imagenet"
        given = imagenet_weights(own.encoder) if ready else read_weights(Path(own.weights_file))
        if given.keys() == model.state_dict().keys():
            model.load_state_dict(given)
        else:
            load_encoder_weights(model.encoder.net, given, own.weights_file)
    if own.init_from:
        path = run / own.init_from / "weights.pt"
        given = torch.load(path, map_location="cpu", weights_only=True)
        encoder = {k.removeprefix("encoder."): v for k, v in given.items() if k.startswith("encoder.")}
        model.encoder.load_state_dict(encoder)


def train_head(task: SequenceTask, model, prepared: Prepared, folder: Path, place, quiet) -> float:
    """The frozen stage, in every process alike; puts the trained head into `model`. Seconds it took.

    Killed before its end it starts anew; a training continued after it skips it.
    """
    start, own, done = time.monotonic(), task.own, folder / "head" / "seconds.json"
    if done.exists():
        model.head.load_state_dict(torch.load(folder / "head" / "weights.pt", weights_only=True))
        return json.loads(done.read_text())
    task.use(prepared)
    folder.mkdir(parents=True, exist_ok=True)
    model.to(place, memory_format=torch.channels_last).eval()
    autocast = autocast_for(own.precision, place)
    with tqdm(desc="sequence features", disable=quiet or None, leave=False) as bar:
        features = collect_features(task, model, place, own.feature_minutes * 60, autocast, bar.update)
        held = task.held_out(own.validation_count * 2)
        clean = embed_vertebrae(model, held, place, autocast) if held else np.zeros((0, 24, 1), np.float16)
    recipe = dataclasses.replace(
        own,
        minutes=own.head_minutes,
        rate=own.head_rate,
        batch=own.head_batch,
        encoder_rate=1.0,
        workers=0,
        validate_every=4,
        precision="fp32",
    )
    head = HeadTask(task, features, clean, held)
    training = Training(head, model.head, recipe, folder / "head", task.recipe.seed, place, quiet)
    training.run(prepared)
    model.head.load_state_dict(training.best().state_dict())
    seconds = time.monotonic() - start
    if rank_and_count()[0] == 0:
        done.write_text(json.dumps(seconds))
    return seconds


def write_facts(folder: Path, network: str, recipe: Recipe, training: Training, row: dict):
    """RUN/NETWORK/run.json: what export and the model card need to say."""
    prepared = training.prepared  # as it was in the end: studies may come while it trains
    origins = sorted({study.origin for study in prepared.studies})
    facts = {
        "network": network,
        "recipe": recipe_to_dict(recipe),
        "data": {"studies": len(prepared.studies), "origins": origins, "index": prepared.index},
        "training": {
            "minutes": row.get("minutes"),
            "epochs": row.get("epoch"),
            "steps": training.step,
            "processes": training.count,
            "device": training.device.type,
            "seed": recipe.seed,
            "fold": recipe.fold,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "trainer": __version__,
        },
        "validation": row,
    }
    (folder / "run.json").write_text(json.dumps(json_numbers(facts), indent=1, allow_nan=False) + "\n")
