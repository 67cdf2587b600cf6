"""Many networks at once: closed-form gradients in NumPy, right sides and whole flows in JAX.

``batched_gradients``, ``batched_weight_gradients``: gradients of B networks (theory B2, B4, B8).
``right_hand_side``, ``many_velocities``: the flow of biases and rotations for ``jax.jit`` and ``jax.vmap``.
``single_layer_flows``: B flows of one layer in closed form, sliding included (theory C2-C6, D2).
``many_flows``: B flows of all biases, exact from wall to wall (theory D1, D2).
"""

from symflow.flow.batched.gradients import BatchedGradients, batched_gradients, batched_weight_gradients
from symflow.flow.batched.side_by_side import ManyFlows, many_flows
from symflow.flow.batched.single_layers import SingleLayerFlows, single_layer_flows
from symflow.flow.batched.velocities import many_velocities, right_hand_side

__all__ = [
    "BatchedGradients",
    "ManyFlows",
    "SingleLayerFlows",
    "batched_gradients",
    "batched_weight_gradients",
    "many_flows",
    "many_velocities",
    "right_hand_side",
    "single_layer_flows",
]
