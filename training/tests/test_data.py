import json

import numpy as np
import pytest

from neckfrac_training import data


def test_reads_the_index_and_arrays(prepared_root):
    prepared = data.read_prepared(prepared_root)
    assert len(prepared.studies) == 5
    assert prepared.index["crop"]["heatStride"] == 8
    volumes = data.open_volumes(prepared.studies)
    assert isinstance(volumes[0].image, np.memmap)
    assert volumes[0].image.dtype == np.int16
    vertebrae = data.open_vertebrae(prepared.studies)
    assert len(vertebrae) == 35
    for vertebra in vertebrae:
        assert vertebra.fractured == vertebra.study.fractured[vertebra.level]
        assert bool(vertebra.places.any()) == bool(vertebra.fractured)


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
        train, held = data.split_by_fold(studies, fold)
        assert not {s.uid for s in train} & {s.uid for s in held}
        assert {v.study.fold for v in data.open_vertebrae(held)} == {fold}
        seen += [s.uid for s in held]
    assert sorted(seen) == sorted(s.uid for s in studies)


def test_a_batch_follows_from_seed_step_and_rank(prepared_root):
    volumes = data.open_volumes(data.read_prepared(prepared_root).studies)

    def draw(*key):
        return data.draw_sagittal(volumes, data.generator(*key), 4, (128, 112), 0.75)["image"]

    assert np.array_equal(draw(1, 2, 0), draw(1, 2, 0))
    for other in ((2, 2, 0), (1, 3, 0), (1, 2, 1)):
        assert not np.array_equal(draw(1, 2, 0), draw(*other))


def test_sagittal_windows_are_cut_from_the_volume(prepared_root):
    """Each window equals the volume at some place; a small volume is surrounded by air and background."""
    volumes = data.open_volumes(data.read_prepared(prepared_root).studies)[:1]
    batch = data.draw_sagittal(volumes, data.generator(0, 0), 6, (160, 112), 1.0)
    depth = volumes[0].image.shape[1]
    for image, label in zip(batch["image"], batch["label"], strict=True):
        rows = np.flatnonzero((image != -1024).any(axis=(0, 2)))
        assert rows[-1] - rows[0] + 1 == depth < 160
        inside, truth = image[2, rows[0] : rows[-1] + 1], label[rows[0] : rows[-1] + 1]
        columns = np.flatnonzero((image != -1024).any(axis=(0, 1)))
        width = columns[-1] - columns[0] + 1
        inside, truth = inside[:, columns[0] : columns[-1] + 1], truth[:, columns[0] : columns[-1] + 1]
        whole = volumes[0].image
        found = [
            (x, y)
            for x in range(len(whole))
            for y in range(whole.shape[2] - width + 1)
            if np.array_equal(whole[x, :, y : y + width], inside)
        ]
        assert found
        x, y = found[0]
        assert np.array_equal(volumes[0].label[x, :, y : y + width], truth)
        assert label[: rows[0]].sum() == label[rows[-1] + 1 :].sum() == 0


def test_slices_are_balanced_and_labelled_by_their_heat(prepared_root):
    vertebrae = data.open_vertebrae(data.read_prepared(prepared_root).studies)
    groups = data.slice_groups(vertebrae)
    assert sum(map(len, groups)) == 24 * len(vertebrae)
    batch = data.draw_slices(vertebrae, groups, (0.34, 0.33, 0.33), data.generator(0, 0), 600, 0.3)
    assert abs(batch["label"].mean() - 0.34) < 0.06
    assert np.array_equal(batch["label"] > 0, batch["heat"].any(axis=(1, 2, 3)))


def test_unknown_places_give_a_weaker_label(prepared_root):
    studies = data.read_prepared(prepared_root).studies
    sick = next(v for v in data.open_vertebrae(studies) if v.fractured)
    crops = sick.study.crops
    unknown = tuple(False for _ in crops.levels)
    crops = data.CropArrays(crops.image, crops.mask, crops.heat, crops.levels, unknown)
    study = data.Study(**{**sick.study.__dict__, "crops": crops})
    vertebra = data.open_vertebrae([study])[sick.row]
    target, known = data.slice_labels(vertebra)
    assert not known
    assert target.max() == 1
    assert target[0] == 0  # the mask does not reach the first slice
    groups = data.slice_groups([vertebra])
    batch = data.draw_slices([vertebra], groups, (1, 0, 0), data.generator(0, 0), 4, 0.3)
    assert batch["weight"] == pytest.approx(0.3)
    assert not batch["known"].any()


def test_validation_keeps_fractured_vertebrae(prepared_root):
    vertebrae = data.open_vertebrae(data.read_prepared(prepared_root).studies)
    chosen = data.choose_vertebrae(vertebrae, 12, 0)
    assert len(chosen) == 12
    assert sum(v.fractured for v in chosen) >= min(6, sum(v.fractured for v in vertebrae))
    assert chosen == data.choose_vertebrae(vertebrae, 12, 0)
