"""torchrun with two gloo processes: they train what one process trains, and a killed one continues."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from neckfrac_training.loop import processes
from neckfrac_training.recipe import MachineError, recipe_from_dict, recipe_to_dict
from neckfrac_training.run import train_network
from test_training import run_log, tiny

SCRIPT = """
import json, os, signal, sys, torch
from pathlib import Path
from neckfrac_training import run
from neckfrac_training.recipe import recipe_from_dict

network, recipe, root, out, resume, dies = json.loads(sys.argv[1])
torch.set_num_threads(1)
real_run, real_step = run.Training.run, run.Training._step

def keep(self, prepared):
    row = real_run(self, prepared)
    torch.save(self.network.state_dict(), Path(out) / f"rank{self.rank}.pt")
    return row

def die(self, step, batch):
    if step == dies and self.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return real_step(self, step, batch)

run.Training.run, run.Training._step = keep, die
recipe = recipe_from_dict(recipe)
run.train_network(network, recipe, Path(root), Path(out), resume=resume, quiet=True, device="cpu")
"""


def train_in_two(network, recipe, root: Path, out: Path, resume=False, dies=-1) -> int:
    """Exit code of torchrun; with `dies` the second process kills itself before that step."""
    out.mkdir(exist_ok=True)
    (out / "two.py").write_text(SCRIPT)
    job = json.dumps([network, recipe_to_dict(recipe), str(root), str(out), resume, dies])
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    source = str(Path(__file__).parents[1] / "src")
    done = subprocess.run(
        [*command, str(out / "two.py"), job],
        env={**os.environ, "PYTHONPATH": source, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert dies >= 0 or done.returncode == 0, done.stderr[-3000:]
    return done.returncode


def plain(network: str, batch: int, **changes):
    """Nothing that differs between processes by design: augmentation and dropout are drawn by each."""
    recipe = tiny(augment=False, checkpoint_steps=1)
    own = dataclasses.replace(getattr(recipe, network), batch=batch, dropout=0.0, **changes)
    return dataclasses.replace(recipe, **{network: own})


def curve(folder: Path) -> list[float]:
    return [row["loss"] for row in run_log(folder)]


@pytest.fixture(scope="module")
def two(prepared_root, tmp_path_factory) -> Path:
    """An undisturbed training of Model II in two processes, one vertebra each a step."""
    out = tmp_path_factory.mktemp("two")
    train_in_two("sequence", plain("sequence", 1, init_from=""), prepared_root, out)
    return out


def test_two_processes_have_the_loss_curve_of_one(two, prepared_root, tmp_path):
    """The encoder's batch norms keep their statistics here, so only the order of sums may differ."""
    train_network("sequence", plain("sequence", 2, init_from=""), prepared_root, tmp_path, quiet=True)
    assert curve(two / "sequence") == pytest.approx(curve(tmp_path / "sequence"), rel=1e-4)
    ends = [run_log(folder / "sequence")[-1]["val_loss"] for folder in (two, tmp_path)]
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)
    wrong = plain("sequence", 2, init_from="", rate=4e-3)
    train_network("sequence", wrong, prepared_root, tmp_path / "wrong", quiet=True)
    assert curve(two / "sequence") != pytest.approx(curve(tmp_path / "wrong" / "sequence"), rel=1e-4)


def test_batch_norms_of_each_process_change_the_curve_a_little(prepared_root, tmp_path):
    """On CPUs batch norms see their own process's half of the batch (on GPUs they are joined)."""
    train_in_two("slices", plain("slices", 8), prepared_root, tmp_path / "two")
    train_network("slices", plain("slices", 16), prepared_root, tmp_path / "one", quiet=True)
    assert curve(tmp_path / "two" / "slices") == pytest.approx(curve(tmp_path / "one" / "slices"), rel=0.1)


def test_both_processes_hold_the_same_weights_and_one_writes_the_log(two):
    ranks = [torch.load(two / f"rank{k}.pt") for k in (0, 1)]
    assert all(torch.equal(ranks[0][name], ranks[1][name]) for name in ranks[0])
    assert len(run_log(two / "sequence")) == 2


def test_a_killed_process_continues_from_the_last_checkpoint(two, prepared_root, tmp_path):
    """SIGKILL of one in the second epoch ends the job; the same command with --resume ends it well."""
    recipe = plain("sequence", 1, init_from="")
    assert train_in_two("sequence", recipe, prepared_root, tmp_path, dies=4) != 0
    assert not (tmp_path / "sequence" / "weights.pt").exists()
    assert torch.load(tmp_path / "sequence" / "last.pt")["step"] in (3, 4)
    train_in_two("sequence", recipe, prepared_root, tmp_path, resume=True)
    assert curve(tmp_path / "sequence") == curve(two / "sequence")
    expected, found = (torch.load(p / "sequence" / "weights.pt") for p in (two, tmp_path))
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_recipe_survives_the_trip():
    assert recipe_from_dict(json.loads(json.dumps(recipe_to_dict(tiny())))) == tiny()


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setenv("LOCAL_RANK", "4")
    with pytest.raises(MachineError, match="give --processes 4"), processes():
        pass
