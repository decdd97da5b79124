"""Prepared arrays in, trained networks out: the one part of NeckFrac that is PyTorch."""

import os

__version__ = "0.1.0"

# ONNX Runtime reports its use to Microsoft from 1.29 on, unless this stands here before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
