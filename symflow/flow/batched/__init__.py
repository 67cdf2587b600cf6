"""Many networks at once: closed-form gradients, and flows side by side."""

from symflow.flow.batched.gradients import BatchedGradients, batched_gradients, batched_weight_gradients

__all__ = ["BatchedGradients", "batched_gradients", "batched_weight_gradients"]
