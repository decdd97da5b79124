"""An ONNX graph run by PyTorch: the bundle's own weights in PyTorch's own operators.

Only operators that the trainer's exports use are known; another one is an error when the file is loaded.
What follows from constants alone (weights stored in half precision, the GRU's weights in another order) is
computed once, when the file is loaded.
"""

from collections.abc import Callable
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import Tensor, nn

Operator = Callable[..., Tensor]

# TensorProto.DataType -> torch.dtype, for Cast
DTYPES = {
    onnx.TensorProto.FLOAT: torch.float32,
    onnx.TensorProto.FLOAT16: torch.float16,
    onnx.TensorProto.INT64: torch.int64,
    onnx.TensorProto.INT32: torch.int32,
    onnx.TensorProto.BOOL: torch.bool,
}


class OnnxNetwork:
    """One network; call it with the input image, get its outputs in the order of the graph."""

    def __init__(self, path: Path):
        graph = onnx.load(path).graph
        self.outputs = [o.name for o in graph.output]
        self.constants: dict[str, Tensor] = {}
        for weight in graph.initializer:
            values = torch.from_numpy(numpy_helper.to_array(weight).copy())
            if values.ndim == 4:
                values = values.contiguous(memory_format=torch.channels_last)
            self.constants[weight.name] = values
        (self.input,) = [i.name for i in graph.input if i.name not in self.constants]
        self.steps: list[tuple[Operator, list[str], str]] = []
        for node in graph.node:
            self._add(node)
        self._drop_unused()
        self._reuse_memory()

    def _add(self, node: onnx.NodeProto) -> None:
        if node.op_type not in OPERATORS:
            raise NotImplementedError(f"ONNX operator {node.op_type} of {node.name}")
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Constant":
            self.constants[node.output[0]] = torch.from_numpy(
                numpy_helper.to_array(attributes["value"]).copy()
            )
            return
        inputs, output = list(node.input), node.output[0]
        constant = all(name == "" or name in self.constants for name in inputs)
        if node.op_type == "GRU":
            weights = [self.constants[name] for name in inputs[1:4]]
            operator, inputs = gru(weights, **attributes), [inputs[0]]
        else:
            operator = OPERATORS[node.op_type](attributes)
        if constant:
            self.constants[output] = operator(*[self.constants.get(name) for name in inputs])
        else:
            self.steps.append((operator, inputs, output))

    def _drop_unused(self) -> None:
        wanted, kept = set(self.outputs), []
        for operator, inputs, output in reversed(self.steps):
            if output in wanted:
                kept.append((operator, inputs, output))
                wanted.update(inputs)
        self.steps = kept[::-1]

    def _reuse_memory(self) -> None:
        """Forgets each value after its last use; an activation that is such a use happens in place."""
        last = {name: k for k, (_, inputs, _) in enumerate(self.steps) for name in inputs}
        kept = {*self.constants, *self.outputs, self.input, ""}
        self.unused_after: list[list[str]] = [[] for _ in self.steps]
        for name, k in last.items():
            if name not in kept:
                self.unused_after[k].append(name)
        made_by = {output: operator for operator, _, output in self.steps}
        for k, (operator, inputs, output) in enumerate(self.steps):
            fresh = inputs[0] in self.unused_after[k] and getattr(made_by[inputs[0]], "fresh", False)
            if fresh and hasattr(operator, "in_place"):
                self.steps[k] = (operator.in_place, inputs, output)

    def __call__(self, image: Tensor) -> tuple[Tensor, ...]:
        if image.ndim == 4:
            image = image.contiguous(memory_format=torch.channels_last)
        values = {self.input: image}
        for (operator, inputs, output), unused in zip(self.steps, self.unused_after, strict=True):
            arguments = [values[n] if n in values else self.constants.get(n) for n in inputs]
            values[output] = operator(*arguments)
            for name in unused:
                del values[name]
        return tuple(values[name] for name in self.outputs)


def convolution(a: dict) -> Operator:
    top, left, bottom, right = a["pads"]
    stride, dilation, groups = tuple(a["strides"]), tuple(a["dilations"]), a["group"]
    symmetric = (top, left) == (bottom, right)
    padding = (top, left) if symmetric else 0

    def run(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        x = x if symmetric else F.pad(x, (left, right, top, bottom))
        return F.conv2d(x, weight, bias, stride, padding, dilation, groups)

    run.fresh = True
    return run


def clip(_: dict) -> Operator:
    def limits(low: Tensor | None = None, high: Tensor | None = None) -> tuple:
        return None if low is None else low.item(), None if high is None else high.item()

    def run(x: Tensor, *given: Tensor | None) -> Tensor:
        return x.clamp(*limits(*given))

    run.in_place = lambda x, *given: x.clamp_(*limits(*given))
    return run


def relu(_: dict) -> Operator:
    def run(x: Tensor) -> Tensor:
        return x.relu()

    run.in_place = torch.relu_
    return run


def resize(a: dict) -> Operator:
    """Enlarges rows and columns as F.interpolate does: nearest, or bilinear without aligned corners."""
    mode, frame = a["mode"].decode(), a["coordinate_transformation_mode"].decode()
    known = [("nearest", "asymmetric"), ("linear", "half_pixel"), ("linear", "pytorch_half_pixel")]
    if (mode, frame) not in known:
        raise NotImplementedError(f"Resize {mode} {frame}")

    def run(x: Tensor, _roi=None, scales: Tensor | None = None, sizes: Tensor | None = None) -> Tensor:
        shape = {"size": sizes.tolist()[2:]} if sizes is not None else {"scale_factor": scales.tolist()[2:]}
        if mode == "nearest":
            return F.interpolate(x, mode="nearest", **shape)
        return F.interpolate(x, mode="bilinear", align_corners=False, **shape)

    return run


def reduce(operator: Callable) -> Callable[[dict], Operator]:
    def build(a: dict) -> Operator:
        keep = bool(a.get("keepdims", 1))
        return lambda x, axes: operator(x, dim=tuple(axes.tolist()), keepdim=keep)

    return build


def pool(a: dict) -> Operator:
    return lambda x: F.avg_pool2d(x, a["kernel_shape"], a["strides"])


def gemm(a: dict) -> Operator:
    def run(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        x = x.T if a.get("transA") else x
        weight = weight.T if a.get("transB") else weight
        product = a.get("alpha", 1.0) * (x @ weight)
        return product if bias is None else product + a.get("beta", 1.0) * bias

    return run


def layer_norm(a: dict) -> Operator:
    if a.get("axis", -1) != -1:
        raise NotImplementedError("LayerNormalization over more than the last axis")
    return lambda x, weight, bias=None: F.layer_norm(x, x.shape[-1:], weight, bias, a["epsilon"])


def part(_: dict) -> Operator:
    def run(x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps=None) -> Tensor:
        index = [slice(None)] * x.ndim
        where = range(len(starts)) if axes is None else axes.tolist()
        strides = [1] * len(starts) if steps is None else steps.tolist()
        for axis, start, end, step in zip(where, starts.tolist(), ends.tolist(), strides, strict=True):
            index[axis] = slice(start, end, step)
        return x[tuple(index)]

    return run


def reshape(a: dict) -> Operator:
    def run(x: Tensor, shape: Tensor) -> Tensor:
        sizes = shape.tolist()
        if not a.get("allowzero"):
            sizes = [x.shape[k] if size == 0 else size for k, size in enumerate(sizes)]
        return x.reshape(sizes)

    return run


def unsqueeze(_: dict) -> Operator:
    def run(x: Tensor, axes: Tensor) -> Tensor:
        for axis in sorted(axes.tolist()):
            x = x.unsqueeze(axis)
        return x

    return run


def gru(weights: list[Tensor], *, hidden_size: int, direction=b"forward", linear_before_reset=0, layout=0):
    """torch.nn.GRU with the graph's weights: gates z, r, h become r, z, n. Starts from zero, as it does."""
    if not linear_before_reset or layout:
        raise NotImplementedError("GRU that PyTorch does not know")
    of_input, of_state, bias = weights  # (directions, 3 H, inputs), (directions, 3 H, H), (directions, 6 H)
    both = direction == b"bidirectional"
    module = nn.GRU(of_input.shape[2], hidden_size, bidirectional=both)

    def reorder(gates: Tensor) -> Tensor:
        z, r, h = gates.chunk(3)
        return torch.cat([r, z, h])

    with torch.no_grad():
        for k, suffix in enumerate(["", "_reverse"][: 1 + both]):
            getattr(module, f"weight_ih_l0{suffix}").copy_(reorder(of_input[k]))
            getattr(module, f"weight_hh_l0{suffix}").copy_(reorder(of_state[k]))
            for name, values in zip(("bias_ih", "bias_hh"), bias[k].chunk(2), strict=True):
                getattr(module, f"{name}_l0{suffix}").copy_(reorder(values))

    def run(x: Tensor) -> Tensor:  # (T, N, inputs) -> (T, directions, N, H)
        y, _ = module(x)
        return y.unflatten(2, (1 + both, hidden_size)).transpose(1, 2)

    return run


def depth_to_space(a: dict) -> Operator:
    if a.get("mode", b"DCR") != b"CRD":
        raise NotImplementedError("DepthToSpace in an order that PyTorch does not know")
    return lambda x: F.pixel_shuffle(x, a["blocksize"])


def divide(x: Tensor, y: Tensor) -> Tensor:
    """Whole numbers, as sizes are, stay whole."""
    whole = not (x.is_floating_point() or y.is_floating_point())
    return torch.div(x, y, rounding_mode="trunc" if whole else None)


def plain(operator: Callable) -> Callable[[dict], Operator]:
    """An operator without attributes."""
    return lambda _: operator


OPERATORS: dict[str, Callable[[dict], Operator]] = {
    "Add": plain(torch.add),
    "AveragePool": pool,
    "Cast": lambda a: lambda x: x.to(DTYPES[a["to"]]),
    "Clip": clip,
    "Concat": lambda a: lambda *parts: torch.cat(parts, a["axis"]),
    "Constant": plain(None),
    "Conv": convolution,
    "DepthToSpace": depth_to_space,
    "Div": plain(divide),
    "Exp": plain(torch.exp),
    "Expand": plain(lambda x, shape: x.expand(torch.broadcast_shapes(x.shape, shape.tolist()))),
    "GRU": gru,
    "Gather": lambda a: (
        lambda x, index: x.index_select(a.get("axis", 0), index.flatten()).reshape(
            [*x.shape[: a.get("axis", 0)], *index.shape, *x.shape[a.get("axis", 0) + 1 :]]
        )
    ),
    "Gemm": gemm,
    "HardSwish": plain(F.hardswish),
    "Identity": plain(lambda x: x),
    "LayerNormalization": layer_norm,
    "Log": plain(torch.log),
    "MatMul": plain(torch.matmul),
    "Mul": plain(torch.mul),
    "ReduceMax": reduce(torch.amax),
    "ReduceMean": reduce(torch.mean),
    "ReduceSum": reduce(torch.sum),
    "Relu": relu,
    "Reshape": reshape,
    "Resize": resize,
    "Shape": lambda a: lambda x: torch.tensor(x.shape[a.get("start", 0) : a.get("end")]),
    "Sigmoid": plain(torch.sigmoid),
    "Slice": part,
    "Softmax": lambda a: lambda x: x.softmax(a.get("axis", -1)),
    "Squeeze": plain(lambda x, axes: x.squeeze(tuple(axes.tolist()))),
    "Sub": plain(torch.sub),
    "Tanh": plain(torch.tanh),
    "Transpose": lambda a: lambda x: x.permute(a["perm"]),
    "Unsqueeze": unsqueeze,
}
