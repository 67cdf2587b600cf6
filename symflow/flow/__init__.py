"""Proved equations turned into trajectories: exact where the flow is exact, event-driven across every wall.

``separated_flow``: rotations fixed, clusters separated (theory C2-C9): the whole trajectory from one sort.
``chamber_flow``: rotations fixed, any truncations (theory D1-D3): exact linear flows between events, crossing or
sliding at the walls.
``rotation_flow``: rotations moving (theory B4, B5): an integrator on the orthogonal group.
``general_weight_flow``: the same for weights that need not be orthogonal (theory B8).
``population_flow``: ``separated_flow`` for distributions instead of data (theory C9).
``batched_gradients``, ``batched_weight_gradients``: the gradients of many networks at once (theory B2, B4, B8).
``many_flows``, ``single_layer_flows``, ``many_velocities``, ``right_hand_side``: many flows at once, in JAX.
``chamber_quadratic``, ``chamber_moments``: gradients in one chamber from moments of the data (theory C8, D1).
``layered_flow``: the original layers, by gradient flow or gradient descent, beside the effective flow (theory F5, F6).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "separated_flow": "symflow.flow.separated",
    "chamber_flow": "symflow.flow.chamber",
    "rotation_flow": "symflow.flow.rotation",
    "general_weight_flow": "symflow.flow.rotation",
    "population_flow": "symflow.flow.separated",
    "layered_flow": "symflow.flow.layered",
    "StreamedData": "symflow.flow.streamed_arrays",
    "chamber_quadratic": "symflow.flow.chamber",
    "chamber_moments": "symflow.flow.rotation",
    "batched_gradients": "symflow.flow.batched",
    "batched_weight_gradients": "symflow.flow.batched",
    "many_flows": "symflow.flow.batched",
    "many_velocities": "symflow.flow.batched",
    "right_hand_side": "symflow.flow.batched",
    "single_layer_flows": "symflow.flow.batched",
}

__all__ = [
    "StreamedData",
    "batched_gradients",
    "batched_weight_gradients",
    "chamber_flow",
    "chamber_moments",
    "chamber_quadratic",
    "general_weight_flow",
    "layered_flow",
    "many_flows",
    "many_velocities",
    "population_flow",
    "right_hand_side",
    "rotation_flow",
    "separated_flow",
    "single_layer_flows",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'symflow.flow' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
