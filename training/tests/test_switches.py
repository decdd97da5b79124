"""The recipe's switches do what they say; whether they help is the log's business."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from neckfrac_training import augment, data
from neckfrac_training.export import check, export_network
from neckfrac_training.networks import SequenceHead, build, without_skull
from neckfrac_training.recipe import SlicesRecipe
from neckfrac_training.run import TASKS
from neckfrac_training.slices import cross_entropy
from test_training import tiny


def switched(network: str, **changes):
    recipe = tiny()
    return dataclasses.replace(recipe, **{network: dataclasses.replace(getattr(recipe, network), **changes)})


def drawn(network: str, prepared_root, **changes):
    recipe = switched(network, **changes)
    task = TASKS[network](recipe)
    task.use(data.read_prepared(prepared_root))
    batch = {name: torch.as_tensor(values) for name, values in task.draw(1, 0).items()}
    return task, build(network, recipe), batch


def test_mixing_blends_inputs_and_losses_alike():
    torch.manual_seed(0)
    batch = {"input": torch.rand(6, 4, 8, 8), "label": torch.arange(6.0)}
    mixed = augment.mix_batch(batch, 1.0)
    ratio, partner = mixed["ratio"], mixed["partner"]
    assert 0 < ratio < 1
    expected = batch["input"] * ratio + batch["input"][partner] * (1 - ratio)
    assert torch.allclose(mixed["input"], expected, atol=1e-6)
    loss = augment.mixed_loss(mixed, lambda targets: (targets["label"] * torch.arange(6)).sum())
    labels = batch["label"] * ratio + batch["label"][partner] * (1 - ratio)
    assert loss == pytest.approx(float((labels * torch.arange(6)).sum()), rel=1e-5)
    assert augment.mix_batch(batch, 0.0) is batch
    assert augment.mixed_loss(batch, lambda targets: targets["label"].sum()) == 15


@pytest.mark.parametrize("network", ["slices", "sequence"])
def test_mixed_batches_train(network, prepared_root):
    task, model, batch = drawn(network, prepared_root, mixup=1.0, batch=4)
    mixed = task.augment(batch)
    assert "partner" in mixed
    loss = task.loss(model, mixed)
    loss.backward()
    assert torch.isfinite(loss)


def test_shuffled_slices_keep_their_labels_and_neighbours():
    torch.manual_seed(1)
    number = torch.arange(24.0).expand(200, 24)
    image = number[:, :, None, None].expand(200, 24, 2, 2)
    stack = augment.stack_neighbours(image, image)
    stack, labels = augment.shuffle_slices(0.2, stack, number)
    assert torch.equal(stack[:, :, 1, 0, 0], labels)
    assert torch.equal(stack[:, :, 0, 0, 0], (labels - 1).clamp(min=0))
    moved = (labels != number).any(1)
    assert 0.1 < moved.float().mean() < 0.3
    assert torch.equal(labels.sort(1).values, number)


def test_hidden_masks_do_not_reach_the_network(prepared_root):
    for network in ("slices", "sequence"):
        task, model, batch = drawn(network, prepared_root, mask_channel=False)
        image = task.augment(batch)["input"]
        other = image.clone()
        other[..., 3, :, :] = torch.rand_like(other[..., 3, :, :])
        with torch.no_grad():
            model.eval()
            assert torch.equal(model(image)[0], model(other)[0])
            seen = build(network, tiny()).eval()
            assert not torch.equal(seen(image)[0], seen(other)[0])


def test_pools_stand_beside_attention():
    torch.manual_seed(2)
    recipe = dataclasses.replace(tiny().sequence, pools=("mean", "min", "max"))
    head = SequenceHead(10, recipe).eval()
    x = torch.rand(3, 24, 10)
    with torch.no_grad():
        hidden, _ = head.gru(head.norm(x))
        share = head.attention(hidden).softmax(1)
        parts = [(hidden * share).sum(1), hidden.mean(1), hidden.amin(1), hidden.amax(1)]
        assert torch.allclose(head(x)[0], head.logit(torch.cat(parts, 1)), atol=1e-6)


def test_context_joins_the_slices_around():
    torch.manual_seed(3)
    recipe = dataclasses.replace(tiny().sequence, context=2)
    head = SequenceHead(10, recipe).eval()
    x = torch.rand(1, 24, 10)
    x.requires_grad_()
    joined = head.join(x.transpose(1, 2))  # before the GRU, which carries everything everywhere
    joined[0, :, 12].sum().backward()
    reached = x.grad[0].abs().sum(1).nonzero()[:, 0]
    assert reached.tolist() == [10, 11, 12, 13, 14]


def test_smoothing_and_focus():
    logit, target = torch.tensor([2.0, -1.0, 0.5]), torch.tensor([1.0, 0.0, 1.0])
    one = torch.ones(3)
    plain = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
    assert torch.equal(cross_entropy(logit, target, one, SlicesRecipe()), plain)
    smooth = F.binary_cross_entropy_with_logits(logit, target * 0.9 + 0.05, reduction="none")
    assert torch.allclose(cross_entropy(logit, target, one, SlicesRecipe(smoothing=0.1)), smooth)
    error = torch.where(target > 0, 1 - logit.sigmoid(), logit.sigmoid())
    assert torch.allclose(cross_entropy(logit, target, one, SlicesRecipe(focal=2.0)), plain * error**2)


def test_thin_fractures_move_the_loss(prepared_root):
    """Where the batch holds a fracture and a healthy one, more weight on the fracture changes the mean."""
    for network in ("slices", "sequence"):
        losses = []
        for hairline in (0.0, 3.0):
            torch.manual_seed(4)
            changes = {"hairline": hairline, "batch": 8, "augment": False, "fractured_share": 0.5}
            task, model, batch = drawn(network, prepared_root, **changes)
            assert (batch["weight"] > 1).any() == (hairline > 0)
            losses.append(task.loss(model.eval(), task.augment(batch)).item())
        assert losses[0] != losses[1]


def test_patches_hold_what_their_label_says(prepared_root):
    task, model, batch = drawn("slices", prepared_root, patches=0.5, batch=64)
    torch.manual_seed(6)
    patch = task.augment(batch, 0.4)
    assert patch["input"].shape == (64, 4, 64, 64)
    assert patch["heat"].shape == (64, 1, 8, 8)
    sick = batch["label"] > 0
    assert (patch["heat"].amax((1, 2, 3))[sick] > 0.05).float().mean() > 0.95
    assert not patch["heat"][~sick].any()
    assert (patch["input"][:, 3].amax((1, 2)) > 0.3).float().mean() > 0.6  # on the bone, where there is any
    dark = 60 / 255 < patch["input"][:, 1]  # and at the crop's own scale: the slit is as wide as it was
    assert dark.any()
    assert torch.isfinite(task.loss(model, patch))
    assert task.augment(batch, 0.6)["input"].shape == (64, 4, 128, 128)


def test_patches_forget_fractures_whose_place_is_unknown(prepared_root):
    task, _, batch = drawn("slices", prepared_root, patches=1.0, batch=32)
    batch["known"][:] = 0
    weight = task.augment(batch, 0.0)["weight"]
    assert torch.equal(weight == 0, batch["label"] > 0)


def test_a_patch_is_a_window_of_the_field():
    """Without turning or scaling, half the side around a point is that part of the picture."""
    values = torch.rand(2, 1, 32, 32)
    focus = torch.tensor([[0.25, -0.5], [0.0, 0.0]])  # x, y: columns 20 and 16, rows 8 and 16
    matrix = torch.cat([torch.eye(2).expand(2, 2, 2) * 0.5, focus[:, :, None]], 2)
    half = augment.warp(values, matrix, part=0.5)
    assert torch.allclose(half[0, 0], values[0, 0, 0:16, 12:28], atol=1e-5)
    assert torch.allclose(half[1, 0], values[1, 0, 8:24, 8:24], atol=1e-5)
    spot = torch.zeros(1, 1, 16, 16)
    spot[..., 4, 10] = 1
    found = augment.choose_focus(torch.ones(1, 1, 128, 128), spot)[0]
    assert found.tolist() == pytest.approx([2 * 10.5 / 16 - 1, 2 * 4.5 / 16 - 1])


def test_samples_as_prepared_without_augmentation(prepared_root):
    task, _, batch = drawn("slices", prepared_root, augment=False)
    image = task.augment(batch)["input"]
    assert np.array_equal((image[:, :3] * 255).round().byte().numpy(), batch["image"].numpy())
    task, _, batch = drawn("segmenter", prepared_root, augment=False)
    assert torch.equal(task.augment(batch)["input"], batch["image"].float())


def test_the_skull_is_a_class_in_training_and_background_in_use():
    torch.manual_seed(8)
    recipe = switched("segmenter", skull=True)
    task, model = TASKS["segmenter"](recipe), build("segmenter", recipe)
    label = torch.zeros(2, 64, 64, dtype=torch.long)
    label[:, :20], label[:, 30:40] = data.SKULL, 2
    batch = {
        "input": torch.randn(2, 5, 64, 64) * 100,
        "label": label,
        "skull": torch.ones(2, dtype=torch.bool),
    }
    assert model.train()(batch["input"]).shape[1] == 11
    task.loss(model, batch).backward()
    raw = []
    model.logits.register_forward_hook(lambda _, __, logits: raw.append(logits.softmax(1)))
    with torch.no_grad():
        shares = model.eval()(batch["input"]).softmax(1)
    (raw,) = raw
    assert torch.allclose(shares[:, 0], raw[:, 0] + raw[:, 10], atol=1e-5)
    assert torch.allclose(shares[:, 1:], raw[:, 1:10], atol=1e-5)


def test_where_nobody_labelled_the_skull_it_may_be_called_so():
    task = TASKS["segmenter"](switched("segmenter", skull=True))
    logits = torch.zeros(2, 11, 4, 4)
    logits[:, data.SKULL] = 9
    batch = {"input": logits, "label": torch.zeros(2, 4, 4, dtype=torch.long)}
    loss = [
        float(task.loss(lambda x: x, batch | {"skull": torch.full((2,), known)})) for known in (True, False)
    ]
    assert loss[0] > 5
    assert loss[1] < 2
    labelled = torch.nn.functional.one_hot(torch.tensor([0, data.SKULL]), 11)[:, :, None, None] * 40.0
    assert without_skull(labelled).argmax(1).tolist() == [[[0]], [[0]]]


def test_without_the_class_the_skull_is_background():
    task = TASKS["segmenter"](switched("segmenter", augment=False))
    batch = {
        "image": torch.zeros(1, 5, 1, 4),
        "label": torch.tensor([[[0, 3, data.SKULL, 9]]]),
        "skull": [True],
    }
    assert task.augment(batch)["label"].tolist() == [[[0, 3, 0, 9]]]


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        ("segmenter", {"fold_pixels": 2, "widths": (16, 16, 16, 16)}),
        ("segmenter", {"skull": True}),
        ("slices", {"mask_channel": False}),
        ("sequence", {"pools": ("mean", "min", "max"), "context": 1, "mask_channel": False}),
    ],
)
def test_switched_networks_export(network, changes, tmp_path):
    torch.manual_seed(5)
    model = build(network, switched(network, **changes)).eval()
    export_network(network, model, tmp_path / "network.onnx")
    assert check(network, model, tmp_path / "network.onnx") < 1e-4
