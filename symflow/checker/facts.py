"""What is known because the statement is defined: collected while it is expanded, read by the judgements.

Only what the statement says itself is recorded: the argument of an inverse that a person wrote, not of one that the
derivative of a determinant brought in. A data set is never empty and a dimension is at least 1, so what
stands under a sum is defined too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from symflow.checker.formal import Tensor


@dataclass(slots=True)
class Facts:
    """Collected arguments of the statement, by what their being defined says about them."""

    invertible: list[Tensor] = field(default_factory=list)  # under inv, logdet and negative powers
    nonzero: list[Tensor] = field(default_factory=list)  # divisors
    positive: list[Tensor] = field(default_factory=list)  # under log; under sqrt where it is differentiated
    nonnegative: list[Tensor] = field(default_factory=list)  # under sqrt
    off_kink: list[Tensor] = field(default_factory=list)  # under relu and step where they are differentiated
    steps: bool = False  # whether a step or relu occurs at all
    borrowed: list[Tensor] = field(default_factory=list)  # inverted by the derivative of det
