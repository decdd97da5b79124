import dataclasses
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from neckfrac_training import data
from neckfrac_training.slices import positive_shares


def test_reads_the_index_and_arrays(prepared_root):
    prepared = data.read_prepared(prepared_root)
    assert len(prepared.studies) == 5
    assert prepared.index["crop"]["heatStride"] == 8
    image, _ = data.open_volume(data.labelled(prepared.studies)[0])
    assert isinstance(image, np.memmap)
    assert image.dtype == np.int16
    vertebrae = data.cropped_vertebrae(prepared.studies)
    assert len(vertebrae) == 35
    for vertebra in vertebrae:
        assert vertebra.fractured == vertebra.study.fractured[vertebra.level]
        assert bool(data.slice_labels(vertebra)[0].any()) == bool(vertebra.fractured)


def test_refuses_another_version(prepared_root, tmp_path):
    index = json.loads((prepared_root / "index.json").read_text())
    (tmp_path / "index.json").write_text(json.dumps({**index, "version": 2}))
    with pytest.raises(data.PreparedError, match="version 2"):
        data.read_prepared(tmp_path)


def test_says_what_to_do_without_an_index(tmp_path):
    with pytest.raises(data.PreparedError, match="neckfrac prepare"):
        data.read_prepared(tmp_path)


def test_a_study_is_on_one_side_of_a_fold(prepared_root):
    studies = data.read_prepared(prepared_root).studies
    seen = []
    for fold in range(5):
        train, held = data.split_studies(studies, fold)
        assert not {s.uid for s in train} & {s.uid for s in held}
        assert {v.study.fold for v in data.cropped_vertebrae(held)} == {fold}
        seen += [s.uid for s in held]
    assert sorted(seen) == sorted(s.uid for s in studies)


def test_a_family_can_be_held_out(prepared_root):
    studies = data.read_prepared(prepared_root).studies
    named = [dataclasses.replace(s, family="template" if k < 2 else "") for k, s in enumerate(studies)]
    train, held = data.split_studies(named, 0, "template")
    assert [s.uid for s in held] == [s.uid for s in studies[:2]]
    assert [s.uid for s in train] == [s.uid for s in studies[2:]]
    with pytest.raises(data.PreparedError, match="there are: none, template"):
        data.split_studies(named, 0, "parametric")


def test_a_batch_follows_from_seed_step_and_place(prepared_root):
    studies = data.labelled(data.read_prepared(prepared_root).studies)

    def draw(*key):
        return data.draw_sagittal(studies, data.generators(*key), (128, 112), 0.75)["image"]

    assert np.array_equal(draw(1, 2, 0, 4), draw(1, 2, 0, 4))
    for other in ((2, 2, 0, 4), (1, 3, 0, 4), (1, 2, 1, 4)):
        assert not np.array_equal(draw(1, 2, 0, 4), draw(*other))
    halves = np.concatenate([draw(1, 2, 0, 2), draw(1, 2, 1, 2)])
    assert np.array_equal(halves, draw(1, 2, 0, 4))  # two processes see what one would


def test_sagittal_windows_are_cut_from_the_volume(prepared_root):
    """Each window equals the volume at some place; a small volume is surrounded by air and background."""
    studies = data.labelled(data.read_prepared(prepared_root).studies)[:1]
    batch = data.draw_sagittal(studies, data.generators(0, 0, 0, 6), (160, 112), 1.0)
    whole, truth_of_all = data.open_volume(studies[0])
    depth = whole.shape[1]
    for image, label in zip(batch["image"], batch["label"], strict=True):
        rows = np.flatnonzero((image != -1024).any(axis=(0, 2)))
        assert rows[-1] - rows[0] + 1 == depth < 160
        inside, truth = image[2, rows[0] : rows[-1] + 1], label[rows[0] : rows[-1] + 1]
        columns = np.flatnonzero((image != -1024).any(axis=(0, 1)))
        width = columns[-1] - columns[0] + 1
        inside, truth = inside[:, columns[0] : columns[-1] + 1], truth[:, columns[0] : columns[-1] + 1]
        found = [
            (x, y)
            for x in range(len(whole))
            for y in range(whole.shape[2] - width + 1)
            if np.array_equal(whole[x, :, y : y + width], inside)
        ]
        assert found
        x, y = found[0]
        assert np.array_equal(truth_of_all[x, :, y : y + width], truth)
        assert label[: rows[0]].sum() == label[rows[-1] + 1 :].sum() == 0


def test_slices_are_balanced_and_labelled_by_their_heat(prepared_root):
    vertebrae = data.cropped_vertebrae(data.read_prepared(prepared_root).studies)
    groups = data.group_vertebrae(vertebrae)
    assert sum(map(len, groups)) == len(vertebrae)
    batch = data.draw_slices(vertebrae, groups, (0.34, 0.33, 0.33), data.generators(0, 0, 0, 600), 0.3)
    assert abs(batch["label"].mean() - 0.34) < 0.06
    assert np.array_equal(batch["label"] > 0, batch["heat"].any(axis=(1, 2, 3)))
    healthy = data.draw_slices(vertebrae, groups, (0, 0, 1), data.generators(0, 0, 0, 50), 0.3)
    assert not healthy["label"].any()
    none = (groups[0][:0], groups[1])
    assert not data.draw_slices(vertebrae, none, (0.5, 0.5, 0), data.generators(0, 0, 0, 20), 0.3)[
        "label"
    ].any()


def test_class_weights_follow_what_is_drawn(prepared_root):
    vertebrae = data.cropped_vertebrae(data.read_prepared(prepared_root).studies)
    groups, shares = data.group_vertebrae(vertebrae), (0.34, 0.33, 0.33)
    batch = data.draw_slices(vertebrae, groups, shares, data.generators(0, 0, 0, 4000), 0.3)
    expected = positive_shares(vertebrae, groups, *shares[:2])
    for level in range(7):
        drawn = batch["label"][batch["level"] == level]
        assert drawn.mean() == pytest.approx(expected[level], abs=0.08)


def test_slices_at_a_fractures_ends_can_count_in_part(prepared_root):
    vertebrae = data.cropped_vertebrae(data.read_prepared(prepared_root).studies)
    sick = next(v for v in vertebrae if v.fractured)
    area = np.load(sick.study.crops.heat)[sick.row].sum((1, 2), dtype=float)
    hard, soft = data.slice_labels(sick)[0], data.slice_labels(sick, 0.8)[0]
    assert soft == pytest.approx(np.minimum(area / (0.8 * area.max()), 1), abs=1e-6)
    assert np.array_equal(hard > 0, soft > 0)
    assert set(hard.tolist()) == {0, 1}


def test_thin_fractures_can_weigh_more(prepared_root):
    vertebrae = data.cropped_vertebrae(data.read_prepared(prepared_root).studies)
    sick = [v for v in vertebrae if v.fractured]
    extent = [np.load(v.study.crops.heat)[v.row].sum(dtype=float) for v in sick]
    weight = data.read_stacks(sick, hairline=2.0)["weight"]
    assert weight == pytest.approx([1 + 2 * 36 / (36 + e / 255) for e in extent])
    assert (data.read_stacks(vertebrae)["weight"] == 1).all()
    healthy = next(v for v in vertebrae if not v.fractured)
    assert data.sample_weight(healthy, 2.0) == 1


def test_unknown_places_give_a_weaker_label(prepared_root):
    studies = data.read_prepared(prepared_root).studies
    sick = next(v for v in data.cropped_vertebrae(studies) if v.fractured)
    crops = sick.study.crops
    unknown = tuple(False for _ in crops.levels)
    study = dataclasses.replace(sick.study, crops=dataclasses.replace(crops, places_known=unknown))
    vertebra = data.cropped_vertebrae([study])[sick.row]
    target, known = data.slice_labels(vertebra)
    assert not known
    assert target.max() == 1
    assert target[0] == 0  # the mask does not reach the first slice
    groups = data.group_vertebrae([vertebra])
    batch = data.draw_slices([vertebra], groups, (1, 0, 0), data.generators(0, 0, 0, 4), 0.3)
    assert batch["weight"] == pytest.approx(0.3)
    assert not batch["known"].any()


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="asks Linux for its memory")
def test_memory_and_mappings_do_not_grow_with_the_studies(prepared_root, tmp_path):
    """Six thousand studies (of five studies' arrays) cost their index and nothing else."""
    index = json.loads((prepared_root / "index.json").read_text())
    text = json.dumps(index["studies"]).replace('": "1.2.', f'": "{prepared_root}/1.2.')
    studies = [dict(json.loads(text)[k % 5], uid=str(k)) for k in range(6000)]
    (tmp_path / "index.json").write_text(json.dumps({**index, "studies": studies}))
    tracemalloc.start()
    prepared = data.read_prepared(tmp_path)
    vertebrae = data.cropped_vertebrae(prepared.studies)
    groups = data.group_vertebrae(vertebrae)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(vertebrae) == 42000
    assert held / len(studies) < 4000

    def draw(step):
        data.draw_sagittal(prepared.studies, data.generators(0, step, 0, 8), (128, 112), 0.75)
        data.draw_slices(vertebrae, groups, (0.34, 0.33, 0.33), data.generators(0, step, 0, 16), 0.3)
        data.draw_stacks(vertebrae, groups, 0.5, data.generators(0, step, 0, 2))

    draw(0)
    before = resident_bytes(), len(Path("/proc/self/maps").read_text().splitlines())
    for step in range(1, 40):
        draw(step)
    after = resident_bytes(), len(Path("/proc/self/maps").read_text().splitlines())
    assert after[0] - before[0] < 20e6  # a study's arrays take 6 MB, so holding them would take 2 GB
    assert after[1] - before[1] < 10


def resident_bytes() -> int:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def test_validation_keeps_fractured_vertebrae(prepared_root):
    vertebrae = data.cropped_vertebrae(data.read_prepared(prepared_root).studies)
    chosen = data.choose_vertebrae(vertebrae, 12, 0)
    assert len(chosen) == 12
    assert sum(v.fractured for v in chosen) >= min(6, sum(v.fractured for v in vertebrae))
    assert chosen == data.choose_vertebrae(vertebrae, 12, 0)
