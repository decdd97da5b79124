import dataclasses

import numpy as np
import pytest
import torch

from neckfrac_training import sagittal
from neckfrac_training.recipe import SegmenterRecipe

SHARES = ("elastic", "densities", "coarse", "contrast", "bias", "streaks", "grain", "blur")
STRONG = SegmenterRecipe(**{share: 1.0 for share in SHARES})


def column(batch: int):
    """A bright block labelled 3 in soft tissue, air on the left."""
    image = torch.full((batch, 5, 128, 112), 40.0)
    image[..., :10] = -1024
    label = torch.zeros(batch, 128, 112, dtype=torch.long)
    image[:, :, 50:70, 40:70], label[:, 50:70, 40:70] = 800, 3
    return image, label


@pytest.mark.parametrize("recipe", [SegmenterRecipe(), dataclasses.replace(STRONG, streaks=0.0)])
def test_labels_follow_the_image_and_leave_with_the_field(recipe):
    torch.manual_seed(2)
    image, label = sagittal.augment_sagittal(*column(32), recipe)
    assert set(label.unique().tolist()) <= {0, 3}
    gone = (image == -1024).all(1)
    assert not label[gone].any()
    inside = (image[:, 2] > 300).float()
    shared = (inside * (label == 3)).sum() / torch.maximum(inside, (label == 3).float()).sum()
    assert shared > 0.75


def bow(label: torch.Tensor) -> torch.Tensor:
    """(B,) largest distance of a block's upper edge from the straight line between its ends, px."""
    deepest = []
    for block in label > 0:
        columns = block.any(0).nonzero()[:, 0][4:-4]  # without the corners
        edge = block[:, columns].float().argmax(0).float()
        line = torch.lerp(edge[0], edge[-1], torch.linspace(0, 1, len(edge)))
        deepest.append((edge - line).abs().max())
    return torch.stack(deepest)


def test_elastic_bends_bones_with_their_labels():
    image, label = column(32)
    image[:, :, 50:70, 20:90], label[:, 50:70, 20:90] = 800, 3
    torch.manual_seed(5)
    _, straight = sagittal.move(image, label)
    bent_image, bent = sagittal.move(image, label, elastic=1.0)
    inside = bent_image[:, 2] > 420  # half of the block, half of the tissue around it
    assert (inside & (bent == 3)).sum() > 0.97 * torch.maximum(inside.sum(), (bent == 3).sum())
    assert bow(straight).median() <= 1.5  # rotated edges go in steps of a pixel
    assert bow(bent).median() > 1.5


def test_truncation_cuts_rows():
    torch.manual_seed(3)
    image, label = torch.zeros(64, 5, 64, 32), torch.ones(64, 64, 32, dtype=torch.long)
    cut_image, cut_label = sagittal.cut_field(image, label, 1.0)
    rows = (cut_image[:, 0] == 0).any(2).sum(1)
    assert (rows < 64).float().mean() > 0.9
    assert torch.equal(cut_label == 1, cut_image[:, 0] == 0)


def test_the_cord_goes_on_beyond_the_cut_without_label_or_bone():
    torch.manual_seed(9)
    image, label = column(64)
    label[:, 20:110, 50:62], image[:, :, 20:110, 50:62] = 4, 700  # a straight spine
    cut, cut_label = sagittal.cut_field(image, label, 1.0, 1.0)
    plain = (cut > -1000).any(3).any(1)  # rows with something in them
    labelled = (cut_label > 0).any(2)
    beyond = plain & ~labelled
    beyond[:, :20] = beyond[:, 110:] = False
    assert beyond.any(1).float().mean() > 0.4
    rows = cut.amax((1, 3))[beyond]
    assert rows.max() <= 150
    wide = (cut > -1000).any(1).sum(2)[beyond]
    assert wide.max() <= 11


def test_coarse_sampling_is_boxes_read_back_linearly():
    """Against the same scan in NumPy: integrate over boxes on a grid a hundred times as fine, interpolate."""
    torch.manual_seed(5)
    values, step = torch.rand(40), 1.95
    matrix = sagittal.sampling(torch.tensor([step]), 40)[0]
    torch.manual_seed(5)
    torch.rand(40)
    phase = float(torch.rand(1, 1, 1))
    fine = np.repeat(values.numpy(), 100)
    position = (np.arange(4000) + 0.5) / 100
    centres = (np.arange(24) - phase) * step
    boxes = [fine[np.abs(position - c) <= step / 2] for c in centres]
    kept = [(c, b.mean()) for c, b in zip(centres, boxes, strict=True) if len(b)]
    expected = np.interp(np.arange(40) + 0.5, *zip(*kept, strict=True))
    assert np.abs((matrix @ values).numpy()[2:-2] - expected[2:-2]).max() < 0.02
    assert torch.allclose(matrix.sum(1), torch.ones(40), atol=1e-4)


def test_coarse_pixels_lose_fine_detail_and_keep_the_mean():
    torch.manual_seed(6)
    stripes = torch.zeros(16, 5, 64, 64)
    stripes[..., ::2] = 600  # 2 mm stripes from front to back
    coarse = sagittal.coarsen(stripes, (3.9, 3.9))
    assert coarse[..., 4:-4].std() < 0.15 * stripes.std()
    assert float(coarse[..., 4:-4].mean()) == pytest.approx(300, abs=15)
    beside = torch.zeros(16, 5, 64, 64)
    beside[:, 2] = 600  # in one slice only: its neighbours see it, the far ones do not
    mixed = sagittal.coarsen(beside, (3.9, 3.9)).mean((0, 2, 3))
    assert 200 > mixed[1] > 50
    assert mixed[0] == 0


@pytest.mark.parametrize("change", ["bend_contrast", "add_bias", "add_streaks", "add_grain", "shift_scale"])
def test_air_stays_air_and_tissue_changes(change):
    torch.manual_seed(7)
    image, _ = column(8)
    changed = getattr(sagittal, change)(image)
    assert torch.equal(changed[..., :10], image[..., :10])
    assert (changed[..., 10:] - image[..., 10:]).abs().mean() > 2
    assert torch.isfinite(changed).all()


def test_streaks_differ_from_row_to_row_and_run_along_them():
    torch.manual_seed(8)
    image = torch.zeros(32, 5, 128, 112)
    streaks = sagittal.add_streaks(image)
    across = (streaks[:, :, 1:] - streaks[:, :, :-1]).abs().mean()
    along = (streaks[..., 1:] - streaks[..., :-1]).abs().mean()
    assert across > 4 * along


def test_off_by_default():
    """The defaults draw what the first bundle was trained on: none of the harder changes."""
    assert all(getattr(SegmenterRecipe(), share) == 0 for share in SHARES)


def test_densities_change_bone_by_its_label_and_leave_soft_tissue():
    torch.manual_seed(4)
    image, label = torch.full((64, 5, 64, 32), 40.0), torch.zeros(64, 64, 32, dtype=torch.long)
    image[:, :, :60, 10:20] = 600
    for k, low in ((1, 16), (2, 24), (3, 40)):
        label[:, low : low + (8 if k == 1 else 16), 10:20] = k
    changed = sagittal.change_densities(image, label)
    assert torch.equal(changed[..., 0:9], image[..., 0:9])
    gain = ((changed - 100) / 500)[:, 2, :, 14]
    skull, c1, tip, foot, c3 = (gain[:, r] for r in (4, 20, 25, 38, 48))
    assert skull.max() <= 1.11
    assert skull.min() < 0.5
    assert c1.max() > 1.7
    assert tip.max() > 1.8
    assert foot.max() < 1.3
    assert c3.max() < 1.3
    assert c3.min() > 0.75
    assert torch.allclose(gain[:, 44], gain[:, 52])
