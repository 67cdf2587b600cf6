"""Products and lengths of vectors with a handful of entries, for which a library call costs more than the work."""

from __future__ import annotations

import math

from symflow.flow.chamber.compiling import lean
from symflow.network.arrays import Array


@lean
def inner_product(first: Array, second: Array) -> float:
    """a·b."""
    total = 0.0
    for place in range(second.size):
        total += first[place] * second[place]
    return total


@lean
def length_of(vector: Array) -> float:
    """|v|."""
    return math.sqrt(inner_product(vector, vector))


@lean
def largest_of(vector: Array) -> float:
    """max |v_k|."""
    largest = 0.0
    for place in range(vector.size):
        largest = max(largest, abs(vector[place]))
    return largest


@lean
def fill_product(matrix: Array, vector: Array, sign: float, result: Array) -> None:
    """Fill in sign · matrix · vector."""
    for row in range(result.size):
        result[row] = sign * inner_product(matrix[row], vector)
