import pytest
import torch
import torch.nn.functional as F

from neckfrac_training import augment


def centre(values):
    """(B, H, W) -> (B, 2) centre of mass in shares of the field."""
    values = values / values.sum((1, 2), keepdim=True)
    rows = torch.linspace(0, 1, values.shape[1])
    columns = torch.linspace(0, 1, values.shape[2])
    return torch.stack([(values.sum(2) * rows).sum(1), (values.sum(1) * columns).sum(1)], 1)


def test_image_mask_and_heat_stay_aligned():
    torch.manual_seed(0)
    spot = torch.zeros(16, 1, 128, 128)
    spot[:, :, 40:56, 72:88] = 1  # two by two cells of the heat map
    heat = torch.nn.functional.avg_pool2d(spot, 8)
    image, mask, heat = augment.augment_crops(spot.repeat(1, 3, 1, 1), spot, heat)
    bright = (image[:, 1] - 0.5).clamp(min=0)  # noise and window shift fall away
    assert (centre(bright) - centre(heat[:, 0])).abs().max() < 0.02
    assert (centre(bright) - centre(mask[:, 0])).abs().max() < 0.05  # the mask is up to 4 px off on purpose
    assert (centre(heat[:, 0]) - centre(spot[:, 0])).abs().max() > 0.05  # and things did move
    assert 0 <= image.min()
    assert image.max() <= 1


def test_all_slices_of_a_vertebra_move_together():
    torch.manual_seed(1)
    spot = torch.zeros(4, 24, 128, 128)
    spot[:, :, 48:64, 80:96] = 1
    image, _, _ = augment.augment_crops(spot, spot, torch.zeros(4, 1, 16, 16))
    bright = (image - 0.5).clamp(min=0)
    first, last = centre(bright[:, 0]), centre(bright[:, -1])
    assert (first - last).abs().max() < 0.01


def test_bent_crops_stay_aligned_with_their_masks_and_heat():
    torch.manual_seed(2)
    spot = torch.zeros(16, 1, 128, 128)
    spot[:, :, 56:72, 56:72] = 1
    none = torch.zeros(16)
    straight = augment.affine(none, none + 1, torch.zeros(16, 2), none, none > 0, (128, 128))
    waves = augment.draw_waves(1, 1, 45, spot)
    bent = augment.warp(spot, straight, waves=waves)
    heat = augment.warp(torch.nn.functional.avg_pool2d(spot, 8), straight, waves=waves)
    assert (centre(bent[:, 0]) - centre(heat[:, 0])).abs().max() < 0.01
    moved = (centre(bent[:, 0]) - centre(spot[:, 0])).norm(dim=1) * 90
    assert 0.3 < moved.mean() < 4  # mm
    assert augment.draw_waves(0, 1, 45, spot) is None
    assert augment.draw_waves(0.5, 0.5, 45, spot).shape == (16, 2, 4, 4)


def test_mirroring_reverses_x_alone():
    flags = torch.tensor([True, False])
    none = torch.zeros(2)
    matrix = augment.affine(none, none + 1, torch.zeros(2, 2), none, flags, (16, 16))
    values = torch.rand(2, 1, 16, 16)
    warped = augment.warp(values, matrix)
    assert torch.allclose(warped[0], values[0].flip(-1), atol=1e-5)
    assert torch.allclose(warped[1], values[1], atol=1e-5)


def test_rotation_keeps_distances_where_the_field_is_not_square():
    matrix = augment.affine(
        torch.tensor([90.0]),
        torch.ones(1),
        torch.zeros(1, 2),
        torch.zeros(1),
        torch.tensor([False]),
        (64, 32),
    )
    bar = torch.zeros(1, 1, 64, 32)
    bar[:, :, 30:34, 6:26] = 1  # 4 rows x 20 columns
    turned = augment.warp(bar, matrix) > 0.5
    assert turned.any(3).sum() == 20
    assert turned.any(2).sum() == 4


def test_closing_fills_a_notch_and_keeps_the_outline():
    mask = torch.zeros(1, 1, 64, 64)
    mask[:, :, 20:44, 10:54] = 1
    notched = mask.clone()
    notched[:, :, 20:36, 30:35] = 0
    assert torch.equal(augment.close_mask(notched, 9), mask)
    assert torch.equal(augment.close_mask(mask, 9), mask)


@pytest.mark.parametrize("pixels", [3, 5, 9])
def test_largest_within_is_max_pooling(pixels):
    torch.manual_seed(4)
    values = torch.rand(2, 3, 40, 28) - 0.5
    expected = F.max_pool2d(values, pixels, 1, pixels // 2)
    assert torch.equal(augment.largest_within(values, pixels), expected)


def test_changes_only_the_chosen_samples():
    values = torch.arange(4.0)[:, None]
    chosen = torch.tensor([True, False, True, False])
    assert augment.change_some(chosen, values, lambda x: x + 10)[:, 0].tolist() == [10, 1, 12, 3]
    assert augment.change_some(~chosen & chosen, values, lambda x: 1 / 0) is values


def test_slices_shift_with_their_labels():
    stack = torch.arange(24.0)[None].repeat(3, 1)
    moved = augment.shift_slices(stack, torch.tensor([0, 2, -2]))
    assert torch.equal(moved[0], stack[0])
    assert moved[1, :3].tolist() == [2, 3, 4]
    assert moved[2, :4].tolist() == [0, 0, 0, 1]


def test_neighbours_are_previous_this_and_next():
    image = torch.arange(24.0)[None, :, None, None].expand(1, 24, 2, 2)
    stacked = augment.stack_neighbours(image, image * 0)
    assert stacked.shape == (1, 24, 4, 2, 2)
    assert stacked[0, 5, :, 0, 0].tolist() == [4, 5, 6, 0]
    assert stacked[0, 0, :, 0, 0].tolist() == [0, 0, 1, 0]
    assert stacked[0, 23, :, 0, 0].tolist() == [22, 23, 23, 0]
