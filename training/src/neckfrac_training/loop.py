"""The training loop of all networks: schedule by steps or by time, running mean of weights, checkpoints, log.

It runs alone or under torchrun, on CPU or CUDA. Randomness is seeded anew at every step, so that a training
killed after a checkpoint and continued takes the same steps as one that was not.
"""

import contextlib
import copy
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from timm.layers import convert_sync_batchnorm
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from .data import Prepared, read_prepared
from .metrics import json_numbers
from .recipe import MachineError, NetworkRecipe


def rank_and_count() -> tuple[int, int]:
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


@contextlib.contextmanager
def processes(device: str = ""):
    """Joins torchrun's processes if there are any; yields this one's device."""
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    cuda = torch.cuda.is_available() and device != "cpu"
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if cuda and local >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise MachineError(
            f"process {local + 1} of this machine finds {count} GPUs: give --processes {count}"
        )
    if several:
        dist.init_process_group("nccl" if cuda else "gloo")
    if cuda:
        torch.cuda.set_device(local)
        torch.backends.cudnn.benchmark = True
    try:
        yield torch.device("cuda", local) if cuda else torch.device("cpu")
    finally:
        if several:
            dist.destroy_process_group()


def autocast_for(precision: str, device: torch.device):
    """A context maker: bf16 where the recipe or the device wants it. bf16 needs no loss scaling."""
    if precision not in ("auto", "bf16", "fp32"):
        raise ValueError(f"precision {precision!r} is none of auto, bf16, fp32")
    half = precision == "bf16" or (precision == "auto" and device.type == "cuda")
    return lambda: torch.autocast(device.type, torch.bfloat16, enabled=half)


class RunningMean:
    """Exponential mean of weights and of batch-norm statistics; young means forget faster."""

    def __init__(self, network: nn.Module, decay: float):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int):
        decay = min(self.decay, (1 + step) / (10 + step))
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        floats = [(mean, new) for mean, new in pairs if mean.is_floating_point()]
        torch._foreach_lerp_([m for m, _ in floats], [n for _, n in floats], 1 - decay)
        for mean, new in pairs:
            if not mean.is_floating_point():
                mean.copy_(new)


READ_AHEAD = 4
"""Batches that each reading process holds ready."""


class Batches(Dataset):
    """Index = step: which batch a step sees depends on nothing else."""

    def __init__(self, task, rank: int):
        self.task, self.rank = task, rank

    def __getitem__(self, step: int) -> dict:
        return self.task.draw(step, self.rank)

    def __len__(self) -> int:
        return 2**62


def batches(task, steps: range, rank: int, workers: int):
    """(step, batch of tensors), read ahead by processes where `workers` asks for them."""
    if workers:
        pin = torch.cuda.is_available()
        options = {"num_workers": workers, "prefetch_factor": READ_AHEAD, "pin_memory": pin}
        loader = DataLoader(Batches(task, rank), None, sampler=steps, **options)
        yield from zip(steps, loader, strict=True)
    else:
        for step in steps:
            yield step, {name: torch.as_tensor(values) for name, values in task.draw(step, rank).items()}


def rate_factor(step: int, progress: float, recipe: NetworkRecipe) -> float:
    """Linear warm-up by steps, then a cosine over `progress` in [0, 1] down to the floor."""
    warm = min(1.0, (step + 1) / max(recipe.warmup_steps, 1))
    return warm * (recipe.floor + (1 - recipe.floor) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


def make_optimizer(network: nn.Module, recipe: NetworkRecipe) -> torch.optim.AdamW:
    """AdamW; no decay for vectors; the encoder at its own share of the rate where the recipe has one."""
    groups = {}
    for name, values in network.named_parameters():
        if values.requires_grad:
            share = getattr(recipe, "encoder_rate", 1.0) if name.startswith("encoder.") else 1.0
            decay = recipe.weight_decay if values.ndim > 1 else 0.0
            groups.setdefault((share, decay), []).append(values)
    return torch.optim.AdamW(
        [{"params": p, "weight_decay": d, "share": s} for (s, d), p in groups.items()], lr=recipe.rate
    )


class Training:
    """One network's training and its folder: log.jsonl, last.pt (continues), weights.pt (the result)."""

    def __init__(
        self, task, network: nn.Module, recipe: NetworkRecipe, out: Path, seed: int, device, quiet=False
    ):
        self.task, self.recipe, self.out, self.seed, self.device = task, recipe, Path(out), seed, device
        self.rank, self.count = rank_and_count()
        self.quiet = quiet or self.rank > 0
        self.hide_bar = True if self.quiet else None  # None: shown on a terminal only
        self.network = network.to(device, memory_format=torch.channels_last)
        if self.count > 1 and device.type == "cuda":
            self.network = convert_sync_batchnorm(self.network)  # timm's keeps their activations
        self.mean = RunningMean(self.network, recipe.ema) if recipe.ema else None
        self.optimizer = make_optimizer(self.network, recipe)
        self.autocast = autocast_for(recipe.precision, device)
        self.step, self.before, self.losses, self.finished = 0, 0.0, [], False
        self.validation_seconds, self.facts, self.last_row = 0.0, {}, {}
        self.model = self.network
        if self.count > 1:
            ids = [device.index] if device.type == "cuda" else None
            self.model = DistributedDataParallel(self.network, device_ids=ids, find_unused_parameters=True)

    # ---------------------------------------------------------------- time

    def elapsed(self) -> float:
        """Seconds trained, in all sittings; rank 0's clock rules."""
        now = torch.tensor(self.before + time.monotonic() - self.started)
        if self.count > 1:
            now = now.to(self.device)
            dist.broadcast(now, 0)
        return float(now)

    def progress(self) -> float:
        share = self.step / (self.recipe.epochs * self.recipe.steps_per_epoch)
        if self.recipe.minutes:
            last = 4 * self.validation_seconds  # the last validation is four times as large
            share = max(share, self.elapsed() / max(self.recipe.minutes * 60 - last, 1.0))
        return share

    # ---------------------------------------------------------------- the loop

    def run(self, prepared: Prepared) -> dict:
        """Trains to the end of epochs or minutes; the last row of the log."""
        self.started = time.monotonic()
        self.prepared = prepared
        self.out.mkdir(parents=True, exist_ok=True)
        index = prepared.root / "index.json"
        written, stream = index.stat().st_mtime_ns, self._stream(prepared)
        while not self.finished:
            self._epoch(stream)
            if index.stat().st_mtime_ns != written and not self.finished:  # preparing still goes on
                self.prepared = read_prepared(prepared.root)
                written, stream = index.stat().st_mtime_ns, self._stream(self.prepared)
        if self.rank == 0:
            torch.save(self.best().state_dict(), self.out / "weights.pt")
        return self.last_row

    def best(self) -> nn.Module:
        """The network that is validated and exported."""
        return self.mean.network if self.mean else self.network

    def _stream(self, prepared: Prepared):
        """All batches from here to the last epoch: readers keep reading between epochs."""
        self.facts = self.task.use(prepared)
        steps = range(self.step, self.recipe.epochs * self.recipe.steps_per_epoch)
        return batches(self.task, steps, self.rank, self.recipe.workers)

    def _epoch(self, stream):
        recipe, start, waited = self.recipe, time.monotonic(), 0.0
        epoch, first = self.step // recipe.steps_per_epoch, self.step
        count = (epoch + 1) * recipe.steps_per_epoch - first
        self.network.train()
        bar = tqdm(total=count, desc=f"{self.task.network} {epoch + 1}", leave=False, disable=self.hide_bar)
        for _ in range(count):
            asked = time.monotonic()
            step, batch = next(stream)
            waited += time.monotonic() - asked
            loss = self._step(step, batch)
            bar.update()
            bar.set_postfix(loss=f"{loss:.3f}", rate=f"{self.rate:.1e}")
            if self.progress() >= 1:
                self.finished = True
                break
            if recipe.checkpoint_steps and self.step % recipe.checkpoint_steps == 0:
                self.save()
        bar.close()
        self.finished = self.finished or self.step >= recipe.epochs * recipe.steps_per_epoch
        seconds = time.monotonic() - start
        row = {
            "network": self.task.network,
            "epoch": epoch + 1,
            "step": self.step,
            "minutes": round(self.elapsed() / 60, 3),
            "rate": self.rate,
            "data_wait_share": round(waited / seconds, 4),
            "samples_per_second": round((self.step - first) * recipe.batch * self.count / seconds, 2),
            "loss": float(np.mean(self.losses)),
            **self.facts,
        }
        self.losses = []
        if self.finished or (epoch + 1) % recipe.validate_every == 0:
            row |= self._validate(recipe.validation_count * (4 if self.finished else 1))
        row = self.last_row = json_numbers(row)
        self._log(row)
        self.save()

    def _step(self, step: int, batch: dict) -> float:
        torch.manual_seed(int(np.random.SeedSequence((self.seed, step, self.rank)).generate_state(1)[0]))
        batch = {name: values.to(self.device, non_blocking=True) for name, values in batch.items()}
        progress = self.progress()
        self.rate = self.recipe.rate * rate_factor(step, progress, self.recipe)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * group["share"]
        with torch.no_grad():
            batch = self.task.augment(batch, progress)
        with self.autocast():
            loss = self.task.loss(self.model, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        self.optimizer.step()
        self.step = step + 1
        if self.mean:
            self.mean.update(self.network, step)
        loss = loss.detach()
        if self.count > 1:  # of all processes, so that the log does not depend on how many there are
            dist.all_reduce(loss)
        value = loss.item() / self.count
        if not math.isfinite(value):
            raise FloatingPointError(f"{self.task.network}: loss {value} at step {step}")
        self.losses.append(value)
        return value

    def _validate(self, count: int) -> dict:
        start, network = time.monotonic(), self.best()
        chosen = self.task.held_out(count)
        if not chosen:
            return {}
        network.eval()
        with self.autocast():
            rows = self.task.validate(network, chosen[self.rank :: self.count], self.device)
        if self.count > 1:
            gathered = [None] * self.count
            dist.all_gather_object(gathered, rows)
            rows = [row for part in gathered for row in part]
        self.validation_seconds = time.monotonic() - start
        return self.task.summarise(rows)

    # ---------------------------------------------------------------- files

    def _log(self, row: dict):
        if self.rank:
            return
        with open(self.out / "log.jsonl", "a") as log:
            log.write(json.dumps(row, allow_nan=False) + "\n")
        if not self.quiet:
            names = ("epoch", "minutes", "samples_per_second", "loss", "val_loss", "accuracy", "recall")
            names += ("precision", "f2", "auc", "slice_auc", "heat_auc", "best_f2", "dice", "level_accuracy")
            shown = {n: round(row[n], 4) for n in names if row.get(n) is not None}
            tqdm.write(f"{self.task.network} " + " ".join(f"{n}={v}" for n, v in shown.items()))
            sys.stdout.flush()

    def save(self):
        elapsed = self.elapsed()
        if self.rank:
            return
        state = {
            "step": self.step,
            "elapsed": elapsed,
            "losses": self.losses,
            "finished": self.finished,
            "validation_seconds": self.validation_seconds,
            "last_row": self.last_row,
            "network": self.network.state_dict(),
            "mean": self.mean.network.state_dict() if self.mean else None,
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, self.out / "last.pt.new")
        os.replace(self.out / "last.pt.new", self.out / "last.pt")

    def resume(self) -> bool:
        """Continues from last.pt if it is there."""
        path = self.out / "last.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.step, self.before, self.losses = state["step"], state["elapsed"], state["losses"]
        self.finished, self.last_row = state["finished"], state["last_row"]
        self.validation_seconds = state["validation_seconds"]
        self.network.load_state_dict(state["network"])
        if self.mean:
            self.mean.network.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        return True
