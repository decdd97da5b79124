"""The loop: networks learn, a killed training continues as if it had not been, two processes agree."""

import contextlib
import dataclasses
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from neckfrac_training import data, sequence
from neckfrac_training.imagenet import ENCODER, imagenet_weights
from neckfrac_training.loop import Training, batches, make_optimizer, rate_factor
from neckfrac_training.networks import SequenceNetwork, WeightsError, build
from neckfrac_training.recipe import Recipe, RecipeError, SlicesRecipe, load_recipe, recipe_from_dict
from neckfrac_training.run import TASKS, start_weights, train_network

TINY = {
    "name": "tiny",
    "seed": 3,
    "segmenter": {"widths": [8, 12, 16, 16, 16], "batch": 4, "crop": [64, 64], "validation_count": 1},
    "slices": {"encoder": "test_efficientnet", "fpn": 16, "batch": 8, "validation_count": 2},
    "sequence": {
        "encoder": "test_efficientnet",
        "fpn": 16,
        "hidden": 16,
        "batch": 1,
        "init_from": "slices",
        "encoder_rate": 0.1,
        "validation_count": 2,
    },
}
COMMON = {"epochs": 2, "steps_per_epoch": 3, "warmup_steps": 2, "rate": 2e-3}


def tiny(**changes):
    values = {k: ({**COMMON, **v, **changes} if isinstance(v, dict) else v) for k, v in TINY.items()}
    return recipe_from_dict(values)


@pytest.mark.parametrize("network", ["segmenter", "slices", "sequence"])
def test_overfits_one_batch(network, prepared_root):
    """Twenty steps on one batch, augmentation off but for its fixed seed, must halve the loss at least."""
    recipe = tiny()
    whole = dataclasses.replace(recipe.sequence, batch=2, dropout=0.0, encoder_rate=1.0)
    recipe = dataclasses.replace(recipe, sequence=whole)
    task = TASKS[network](recipe)
    task.use(data.read_prepared(prepared_root))
    torch.manual_seed(0)
    model = build(network, recipe).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    batch = {name: torch.as_tensor(values) for name, values in task.draw(5, 0).items()}
    batch = task.augment(batch)
    losses = []
    for _ in range(20 if network != "segmenter" else 40):
        loss = task.loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def run_log(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("network", ["segmenter", "slices"])
def test_killed_and_continued_is_the_same(network, prepared_root, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train_network(network, tiny(), prepared_root, whole, quiet=True)

    recipe = tiny(checkpoint_steps=1)
    prepared, own = data.read_prepared(prepared_root), getattr(recipe, network)
    torch.manual_seed(recipe.seed)
    first = Training(
        TASKS[network](recipe),
        build(network, recipe),
        own,
        parts / network,
        3,
        torch.device("cpu"),
        quiet=True,
    )
    real_step = first._step

    def dies_in_the_second_epoch(step, batch):
        if step == 4:
            raise KeyboardInterrupt
        return real_step(step, batch)

    first._step = dies_in_the_second_epoch
    with pytest.raises(KeyboardInterrupt):
        first.run(prepared)
    train_network(network, recipe, prepared_root, parts, resume=True, quiet=True)

    expected, found = run_log(whole / network), run_log(parts / network)
    assert [row["loss"] for row in expected] == [row["loss"] for row in found]
    assert expected[-1]["val_loss"] == found[-1]["val_loss"]
    one, two = (torch.load(p / network / "weights.pt") for p in (whole, parts))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_log_says_how_well(prepared_root, tmp_path):
    train_network("slices", tiny(), prepared_root, tmp_path, quiet=True)
    rows = run_log(tmp_path / "slices")
    assert [row["epoch"] for row in rows] == [1, 2]
    for name in ("loss", "val_loss", "accuracy", "recall", "precision", "f2", "auc", "fp_rate", "fn_rate"):
        assert name in rows[-1]
    assert set(rows[-1]["by_level"]) == set(data.LEVELS)
    facts = json.loads((tmp_path / "slices" / "run.json").read_text())
    assert facts["recipe"]["seed"] == 3
    assert facts["data"]["origins"] == ["phantom"]


def test_sequence_starts_from_slices_and_from_frozen_features(prepared_root, tmp_path):
    recipe = tiny()
    train_network("slices", recipe, prepared_root, tmp_path, quiet=True)
    staged = dataclasses.replace(
        recipe.sequence, feature_minutes=0.01, head_minutes=0.02, head_batch=8, epochs=1, steps_per_epoch=1
    )
    recipe = dataclasses.replace(recipe, sequence=staged)
    train_network("sequence", recipe, prepared_root, tmp_path, quiet=True)
    given = torch.load(tmp_path / "slices" / "weights.pt")
    got = torch.load(tmp_path / "sequence" / "weights.pt")
    name = "encoder.net.conv_stem.weight"
    assert torch.allclose(given[name], got[name], atol=1e-2)
    assert (tmp_path / "sequence" / "head" / "weights.pt").exists()


def test_each_process_draws_features_of_its_own(prepared_root, monkeypatch):
    recipe = tiny()
    task = sequence.SequenceTask(recipe)
    task.use(data.read_prepared(prepared_root))
    torch.manual_seed(0)
    model = SequenceNetwork(recipe.sequence).eval()

    def features_of(rank: int):
        monkeypatch.setattr(sequence, "rank_and_count", lambda: (rank, 2))
        no_autocast = contextlib.nullcontext
        return sequence.collect_features(task, model, "cpu", 0, no_autocast, lambda _: None)["embedding"]

    first = features_of(0)
    assert np.array_equal(first, features_of(0))
    assert not np.array_equal(first, features_of(1))


def test_time_ends_a_training(prepared_root, tmp_path):
    row = train_network(
        "segmenter", tiny(steps_per_epoch=10**6, minutes=0.05), prepared_root, tmp_path, quiet=True
    )
    assert 0.02 < row["minutes"] < 0.4
    assert row["rate"] < 0.5 * COMMON["rate"]


def test_the_rate_warms_up_and_ends_at_its_floor():
    own = tiny().segmenter
    assert rate_factor(0, 0, own) == pytest.approx(0.5)
    assert rate_factor(9, 0, own) == pytest.approx(1)
    assert rate_factor(9, 1, own) == pytest.approx(own.floor)


def test_slow_encoders_keep_their_batch_norms():
    recipe = tiny()
    model = SequenceNetwork(recipe.sequence).train()
    norms = [m for m in model.encoder.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms
    assert not any(m.training for m in norms)
    groups = make_optimizer(model, recipe.sequence).param_groups
    assert {g["share"] for g in groups} == {0.1, 1.0}


def test_gru_starts_orthogonal():
    gate = SequenceNetwork(tiny().sequence).head.gru.weight_hh_l0[:16]
    assert torch.allclose(gate @ gate.T, torch.eye(16), atol=1e-5)


def test_encoder_weights_come_from_a_local_file_or_not_at_all(tmp_path):
    model, other = build("slices", tiny()), build("slices", tiny())
    torch.save(model.encoder.net.state_dict(), tmp_path / "good.pt")
    start_weights(other, dataclasses.replace(tiny().slices, weights_file=str(tmp_path / "good.pt")), tmp_path)
    assert torch.equal(other.encoder.net.conv_stem.weight, model.encoder.net.conv_stem.weight)
    torch.save({"something": torch.zeros(1)}, tmp_path / "bad.pt")
    with pytest.raises(WeightsError, match=r"bad\.pt: only 0"):
        start_weights(
            other, dataclasses.replace(tiny().slices, weights_file=str(tmp_path / "bad.pt")), tmp_path
        )


def test_imagenet_weights_start_their_own_network_alone():
    own = SlicesRecipe(encoder=ENCODER, weights_file="imagenet")
    model = build("slices", Recipe(slices=own))
    start_weights(model, own, None)
    given = imagenet_weights(ENCODER)
    stem = model.encoder.net.conv_stem.weight  # four channels instead of three
    assert torch.allclose(stem.sum(1), given["conv_stem.weight"].sum(1), atol=1e-5)
    kept = {
        name: values for name, values in model.encoder.net.state_dict().items() if name != "conv_stem.weight"
    }
    assert len(kept) > 280
    assert all(torch.equal(values, given[name]) for name, values in kept.items())
    with pytest.raises(WeightsError, match="not tinynet_d"):
        imagenet_weights("tinynet_d")


def test_an_earlier_training_starts_the_same_network_whole(prepared_root, tmp_path):
    recipe = tiny(epochs=1, steps_per_epoch=1)
    train_network("segmenter", recipe, prepared_root, tmp_path / "first", quiet=True)
    weights = tmp_path / "first" / "segmenter" / "weights.pt"
    model = build("segmenter", recipe)
    start_weights(model, dataclasses.replace(recipe.segmenter, weights_file=str(weights)), tmp_path)
    given = torch.load(weights)
    assert all(torch.equal(values, given[name]) for name, values in model.state_dict().items())


@pytest.mark.parametrize("name", ["compact", "compact-gpu", "compact-coarse", "reference", "tiny"])
def test_recipes_build(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    sizes = {}
    for network in ("segmenter", "slices", "sequence"):
        sizes[network] = sum(p.numel() for p in build(network, recipe).parameters())
    if name.startswith("compact"):
        assert sum(sizes.values()) * 4 < 38e6


def test_recipes_refuse_what_they_do_not_know():
    with pytest.raises(RecipeError, match=r"slices\.batchsize"):
        recipe_from_dict({"slices": {"batchsize": 3}})
    with pytest.raises(RecipeError, match="must be of type int"):
        recipe_from_dict({"slices": {"batch": "3"}})
    with pytest.raises(RecipeError, match="compact"):
        load_recipe("no-such-recipe")


def test_studies_that_arrive_join_at_the_next_epoch(prepared_root, tmp_path, monkeypatch):
    index, root = json.loads((prepared_root / "index.json").read_text()), tmp_path / "growing"
    shutil.copytree(prepared_root, root)
    (root / "index.json").write_text(json.dumps({**index, "studies": index["studies"][:3]}))
    epoch = Training._epoch

    def then_two_more(self, stream):
        epoch(self, stream)
        (root / "index.json").write_text(json.dumps(index))

    monkeypatch.setattr(Training, "_epoch", then_two_more)
    train_network("slices", tiny(), root, tmp_path, quiet=True)
    assert [row["vertebrae"] for row in run_log(tmp_path / "slices")] == [2 * 7, 4 * 7]


def test_readers_bring_the_same_batches(prepared_root):
    task = TASKS["slices"](tiny())
    task.use(data.read_prepared(prepared_root))
    alone, read = (list(batches(task, range(2, 5), 0, workers)) for workers in (0, 2))
    assert [step for step, _ in read] == [2, 3, 4]
    for (_, one), (_, two) in zip(alone, read, strict=True):
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_log_says_how_long_it_waited_for_data(prepared_root, tmp_path, monkeypatch):
    """A task whose reading takes most of the time must say so; two readers must hide a part of it."""
    real, shares = TASKS["segmenter"].draw, []

    def slow(self, step, rank):
        time.sleep(0.5)
        return real(self, step, rank)

    monkeypatch.setattr(TASKS["segmenter"], "draw", slow)
    for workers in (0, 2):
        recipe = tiny(workers=workers, steps_per_epoch=8, epochs=1)
        train_network("segmenter", recipe, prepared_root, tmp_path / str(workers), quiet=True)
        shares.append(run_log(tmp_path / str(workers) / "segmenter")[0]["data_wait_share"])
    assert 0.3 < shares[0] <= 1
    assert 0 <= shares[1] < shares[0]
