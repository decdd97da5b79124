"""Prepared arrays in, trained networks out: the one part of NeckFrac that is PyTorch."""

__version__ = "0.1.0"
