"""The additions of ``sums``, compiled: one pass over a block instead of ten.

Whoever imports this module has numba. It keeps the compiled function on disk, beside this file or in the user's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

from symflow.flow.separated.sums import Floats

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The function, compiled at its first call; additions are neither reordered nor fused."""
    return cast(Function, numba.njit(cache=True, error_model="numpy")(function))


@compiled
def add_block(terms: Floats, sums: Floats, running: float, repair: float) -> tuple[float, float]:
    """Fill ``sums`` with the prefix sums of the terms; the running sum and its repair go in and come out."""
    for j in range(terms.size):
        term = terms[j]
        after = running + term
        taken = after - running
        repair += (running - (after - taken)) + (term - taken)
        running = after
        sums[j] = running + repair
    return running, repair
