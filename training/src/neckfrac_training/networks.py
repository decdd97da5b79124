"""The three networks. Everything from HU or [0, 1] to logits is inside them, so ONNX holds it too."""

import math
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .recipe import SegmenterRecipe, SequenceRecipe, SlicesRecipe, WeightsError

CLASSES = 10
"""Background, C1..C7, T1, T2 and lower."""
NEVER = -30.0
"""Logit of a class that cannot be."""
POOLS = {"mean": torch.mean, "min": torch.amin, "max": torch.amax}
"""What may stand beside attention."""
HEAT_PRIOR = -4.0
"""First bias of the heat map: about 2 % of the cells hold a fracture."""


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True)
    )


class PlainEncoder(nn.Module):
    """Two convolutions a stride; features at strides 1, 2, 4, 8, 16."""

    def __init__(self, inputs: int, widths):
        super().__init__()
        self.channels = tuple(widths)
        self.stages = nn.ModuleList()
        for k, width in enumerate(widths):
            stage = [convolution(inputs, width, 1 if k == 0 else 2), convolution(width, width)]
            self.stages.append(nn.Sequential(*stage))
            inputs = width
        self.middle = nn.Sequential(convolution(inputs, inputs), convolution(inputs, inputs))

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        features[-1] = self.middle(x)
        return features


class TimmEncoder(nn.Module):
    """A timm network's features at strides 2, 4, 8, 16, with a convolution at stride 1 before it."""

    def __init__(self, name: str, inputs: int, first: int):
        super().__init__()
        self.first = convolution(inputs, first)
        indices = (0, 1, 2, 3)
        self.net = timm.create_model(
            name, pretrained=False, features_only=True, in_chans=inputs, out_indices=indices
        )
        self.channels = (first, *self.net.feature_info.channels())

    def forward(self, x: Tensor) -> list[Tensor]:
        return [self.first(x), *self.net(x)]


class Segmenter(nn.Module):
    """U-Net. (N, 5, H, W) float32 HU, H and W multiples of 16 -> (N, 10, H, W) logits of the middle slice.

    In training with `skull` there are eleven; otherwise the skull is background.
    """

    def __init__(self, recipe: SegmenterRecipe):
        super().__init__()
        self.slices, self.upsample, self.fold = recipe.slices, recipe.upsample, recipe.fold_pixels
        inputs, widths = (recipe.slices + 2) * self.fold**2, recipe.widths
        plain = recipe.encoder == "plain"
        self.encoder = (
            PlainEncoder(inputs, widths) if plain else TimmEncoder(recipe.encoder, inputs, widths[0])
        )
        channels = self.encoder.channels
        self.decoder = nn.ModuleList()
        below = channels[-1]
        for k in range(len(channels) - 2, -1, -1):
            width = widths[k]
            stage = [convolution(below + channels[k], width), convolution(width, width)]
            self.decoder.append(nn.Sequential(*stage))
            below = width
        self.classes = CLASSES + recipe.skull
        self.logits = nn.Conv2d(below, self.classes * self.fold**2, 1)

    def forward(self, hu: Tensor) -> Tensor:
        skip = (5 - self.slices) // 2
        x = see(hu[:, skip : 5 - skip])
        if self.upsample > 1:
            x = F.interpolate(x, scale_factor=self.upsample, mode="bilinear", align_corners=False)
        features = self.encoder(F.pixel_unshuffle(x, self.fold))
        x = features[-1]
        for k, stage in enumerate(self.decoder):
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = stage(torch.cat([x, features[-2 - k]], 1))
        x = F.pixel_shuffle(self.logits(x), self.fold)
        x = F.avg_pool2d(x, self.upsample) if self.upsample > 1 else x
        return x if self.training or self.classes == CLASSES else without_skull(x)[:, :CLASSES]


def without_skull(logits: Tensor) -> Tensor:
    """Eleven classes of which the skull, the last, is background: where nobody labelled it, and in use."""
    background = torch.logaddexp(logits[:, :1], logits[:, CLASSES:])
    return torch.cat([background, logits[:, 1:CLASSES], torch.full_like(background, NEVER)], 1)


def see(hu: Tensor) -> Tensor:
    """(N, S, H, W) HU -> (N, S + 2, H, W): wide window, the middle slice in a soft-tissue and bone window,
    and the brightest of the S slices, which shows the spine though it leaves the plane."""
    middle = hu.shape[1] // 2
    wide = hu.clamp(-1000, 1500) / 500
    narrow = hu[:, middle : middle + 1].clamp(-200, 200) / 100
    brightest = hu.amax(1, keepdim=True).clamp(0, 1200) / 400 - 1
    return torch.cat([wide, narrow, brightest], 1)


class SliceEncoder(nn.Module):
    """An axial slice with its neighbours and mask -> an embedding and, where fpn > 0, a fracture map.

    (N, 4, 128, 128) float32 in [0, 1] -> embedding (N, width), heat (N, 1, 16, 16) logits or None.
    The embedding joins the deepest features' mean with the largest value of each stride-8 feature and of the
    fracture map, so a lesion of a few pixels is not averaged away.
    """

    def __init__(self, recipe: SlicesRecipe | SequenceRecipe):
        super().__init__()
        self.inputs, fpn = 4 if recipe.mask_channel else 3, recipe.fpn
        self.net = timm.create_model(
            recipe.encoder,
            pretrained=False,
            features_only=True,
            in_chans=self.inputs,
            out_indices=(2, 3, 4) if fpn else (4,),
            **({"drop_path_rate": recipe.drop_path} if recipe.drop_path else {}),
        )
        channels = self.net.feature_info.channels()
        self.width = channels[-1] + (fpn + 1 if fpn else 0)
        self.fpn = fpn
        if fpn:
            self.lateral = nn.ModuleList([nn.Conv2d(c, fpn, 1) for c in channels])
            self.smooth = nn.Sequential(convolution(fpn, fpn), convolution(fpn, fpn))
            self.heat = nn.Conv2d(fpn, 1, 1)
            nn.init.constant_(self.heat.bias, HEAT_PRIOR)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        features = self.net(x[:, : self.inputs] * 4 - 1)
        deep = features[-1].mean((2, 3))
        if not self.fpn:
            return deep, None
        local = self.lateral[2](features[2])
        for k in (1, 0):
            local = F.interpolate(local, scale_factor=2, mode="nearest") + self.lateral[k](features[k])
        local = self.smooth(local)
        heat = self.heat(local)
        return torch.cat([deep, local.amax((2, 3)), heat.amax((2, 3))], 1), heat


class SliceNetwork(nn.Module):
    """Model I. (N, 4, 128, 128) float32 in [0, 1] -> fracture (N, 7), heat (N, 1, 16, 16), both logits.

    One EfficientNet sees every level; each level has its own head, to be read at the crop's level.
    """

    def __init__(self, recipe: SlicesRecipe):
        super().__init__()
        self.encoder = SliceEncoder(recipe)
        self.dropout = nn.Dropout(recipe.dropout)
        self.heads = nn.Linear(self.encoder.width, 7)
        nn.init.normal_(self.heads.weight, std=0.01)
        nn.init.zeros_(self.heads.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        embedding, heat = self.encoder(x)
        return self.heads(self.dropout(embedding)), heat


class SequenceHead(nn.Module):
    """Embeddings of a vertebra's slices -> one logit. (N, 24, width) -> (N, 1) and (N, 24) for each slice.

    Spatial dropout -> normalisation -> neighbours joined, if asked for -> bi-directional GRU, orthogonal
    start -> attention over slices, and what else is pooled.
    """

    def __init__(self, width: int, recipe: SequenceRecipe):
        super().__init__()
        both, dropout = 2 * recipe.hidden, recipe.dropout
        self.dropout = nn.Dropout1d(dropout)
        self.norm = nn.LayerNorm(width)
        self.join = None
        if recipe.context:
            window = 2 * recipe.context + 1
            self.join = nn.Sequential(nn.Conv1d(width, both, window, padding="same"), nn.ReLU(True))
            width = both
        between = dropout if recipe.layers > 1 else 0.0
        self.gru = nn.GRU(
            width, recipe.hidden, recipe.layers, batch_first=True, bidirectional=True, dropout=between
        )
        for name, values in self.gru.named_parameters():
            if "weight" in name:
                for gate in values.data.chunk(3):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.zeros_(values)
        hidden = recipe.hidden
        self.attention = nn.Sequential(nn.Linear(both, hidden), nn.Tanh(), nn.Linear(hidden, 1))
        self.pools = [POOLS[name] for name in recipe.pools]
        self.logit = nn.Linear(both * (1 + len(self.pools)), 1)
        self.slice_logit = nn.Linear(both, 1)

    def forward(self, embedding: Tensor) -> tuple[Tensor, Tensor]:
        x = self.dropout(self.norm(embedding).transpose(1, 2))  # (N, width, 24)
        x = self.join(x) if self.join else x
        x, _ = self.gru(x.transpose(1, 2))
        share = self.attention(x).softmax(1)  # (N, 24, 1)
        pooled = torch.cat([(x * share).sum(1), *(pool(x, 1) for pool in self.pools)], 1)
        return self.logit(pooled), self.slice_logit(x)[..., 0]


class SequenceNetwork(nn.Module):
    """Model II. (N, 24, 4, 128, 128) float32 in [0, 1] -> logits: fracture (N, 1), slices (N, 24), heat."""

    def __init__(self, recipe: SequenceRecipe):
        super().__init__()
        self.encoder = SliceEncoder(recipe)
        self.head = SequenceHead(self.encoder.width, recipe)
        self.frozen_norms = recipe.encoder_rate < 1

    def train(self, mode: bool = True):
        super().train(mode)
        if mode and self.frozen_norms:  # few vertebrae fit a batch: their statistics would be poor
            for module in self.encoder.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self

    def embed(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """(N, 24, 4, H, W) -> embedding (N, 24, width), heat (N * 24, 1, 16, 16)."""
        flat = x.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        embedding, heat = self.encoder(flat)
        return embedding.unflatten(0, (-1, x.shape[1])), heat

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        embedding, heat = self.embed(x)
        fracture, slices = self.head(embedding)
        return fracture, slices, heat


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name, from a file of PyTorch or safetensors."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def load_encoder_weights(module: nn.Module, given: dict, source: str, least: float = 0.8) -> int:
    """Starts a timm encoder from weights of its own names (ImageNet, say); returns how many tensors fit.

    A first convolution of another channel count gets the mean over channels. At least the share `least` of
    the encoder's tensors must be found.
    """
    own = module.state_dict()
    fitting = {}
    for name, values in own.items():
        found = given.get(name)
        if found is None:
            continue
        if found.ndim == 4 and found.shape[1] != values.shape[1] and found.shape[0] == values.shape[0]:
            found = found.mean(1, keepdim=True).expand_as(values) * (found.shape[1] / values.shape[1])
        if found.shape == values.shape:
            fitting[name] = found
    if len(fitting) < math.ceil(least * len(own)):
        raise WeightsError(f"{source}: only {len(fitting)} of the encoder's {len(own)} tensors are in it")
    module.load_state_dict(fitting, strict=False)
    return len(fitting)


def build(network: str, recipe) -> nn.Module:
    """The network `segmenter`, `slices` or `sequence` of a Recipe."""
    kinds = {"segmenter": Segmenter, "slices": SliceNetwork, "sequence": SequenceNetwork}
    return kinds[network](getattr(recipe, network))
