"""The gradient of one network, or of many, through torch: the same cost and conventions as ``gradients.by_jax``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symflow.network import LabelledData, PolarParameters

Gradient = tuple[Any, Any]  # by the biases (…, L, Q), by the rotations (…, L, Q, Q)


def by_torch(network: PolarParameters, data: LabelledData, goals: Any) -> Callable[[], Gradient]:
    """Truncation maps in torch; the Lie gradient is the antisymmetric part of ∂C/∂R Rᵀ. torch.relu has ReLU'(0) = 0."""
    import torch

    torch.set_num_threads(1)
    shifts = torch.tensor(np.array(network.biases[: network.depth]), requires_grad=True)
    turns = torch.tensor(np.array(network.rotations), requires_grad=True)
    x, y, omega = (torch.tensor(np.asarray(array)) for array in (data.points, goals, data.weights))

    def gradient() -> Gradient:
        z = x
        for shift, turn in zip(shifts, turns, strict=True):
            z = torch.relu((z + shift) @ turn.T) @ turn - shift
        cost = (omega * ((z - y) ** 2).sum(dim=1)).sum() / 2
        by_bias, by_entries = torch.autograd.grad(cost, (shifts, turns))
        with torch.no_grad():
            product = by_entries @ turns.transpose(1, 2)
            return by_bias.numpy(), ((product - product.transpose(1, 2)) / 2).numpy()

    return gradient
