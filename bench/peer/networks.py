"""The three networks of a bundle as PyTorch callables."""

from pathlib import Path

from onnx_network import OnnxNetwork

NAMES = ("segmenter", "slices", "sequence")


def load_networks(bundle: Path, run: Path | None = None) -> list:
    """From the bundle's ONNX files; or, given a training run, its weights in the trainer's own modules."""
    if run is None:
        return [OnnxNetwork(bundle / f"{name}.onnx") for name in NAMES]
    import torch

    from neckfrac_training.export import load_network

    def load(name: str):
        module = load_network(run / name)[0].to(memory_format=torch.channels_last)

        def call(image):
            if image.ndim == 4:
                image = image.contiguous(memory_format=torch.channels_last)
            outputs = module(image)
            return outputs if isinstance(outputs, tuple) else (outputs,)

        return call

    return [load(name) for name in NAMES]
