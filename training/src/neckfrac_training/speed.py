"""How many samples a second this machine trains of each network of a recipe."""

import dataclasses
import time
from pathlib import Path

import torch

from .data import PreparedError, read_prepared
from .loop import autocast_for
from .networks import build
from .recipe import Recipe
from .run import TASKS

LARGEST_BATCH = 16
"""Samples a second hardly depend on the batch above this on a CPU; a larger one takes long to measure."""


def measure_machine(recipe: Recipe, root: Path, device: str, seconds: float) -> dict:
    """The devices, and of each network its weights and its speed here."""
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    prepared = read_prepared(root)
    cuda = torch.cuda.is_available() and device != "cpu"
    place = torch.device("cuda" if cuda else "cpu")
    networks = {}
    for network in TASKS:
        model = build(network, recipe)
        networks[network] = {
            "weights": sum(p.numel() for p in model.parameters()),
            "samplesPerSecond": measure(network, model, recipe, prepared, place, seconds),
        }
    return {
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "devices": torch.cuda.device_count() if cuda else 1,
        "networks": networks,
    }


def measure(network: str, model, recipe: Recipe, prepared, place, seconds: float) -> float | None:
    """Samples a second of one process, forward and backward, reading included where the recipe reads in the
    training process. None where the data set holds nothing for this network yet."""
    own = getattr(recipe, network)
    own = dataclasses.replace(own, batch=min(own.batch, LARGEST_BATCH))
    task = TASKS[network](dataclasses.replace(recipe, **{network: own}))
    try:
        task.use(prepared)
    except PreparedError:
        return None
    model = model.to(place, memory_format=torch.channels_last).train()
    autocast = autocast_for(own.precision, place)
    spent, step = 0.0, 0
    while spent < seconds or step < 2:
        start = time.monotonic()
        drawn = task.draw(step, 0)
        if own.workers:  # other processes read ahead
            start = time.monotonic()
        batch = task.augment({name: torch.as_tensor(values).to(place) for name, values in drawn.items()})
        with autocast():
            loss = task.loss(model, batch)
        loss.backward()
        model.zero_grad(set_to_none=True)
        float(loss.detach())  # waits for a GPU
        if step > 0:  # the first step warms up
            spent += time.monotonic() - start
        step += 1
    return round((step - 1) * own.batch / spent, 2)
