"""Whether the gradients of walls are independent of those of others, to rounding."""

from __future__ import annotations

import numpy as np

from symflow.flow.rotation.problem import Floats

PARALLEL = 1e-8  # sine of an angle below which two directions are one


def lies_in_span(vectors: Floats, spanning: Floats) -> bool:
    """Whether one of the vectors is a combination of the spanning ones, to rounding."""
    basis = np.linalg.qr(spanning.T)[0]
    rest = vectors - vectors @ basis @ basis.T
    return bool((np.linalg.norm(rest, axis=1) < PARALLEL * np.linalg.norm(vectors, axis=1)).any())
