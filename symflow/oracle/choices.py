"""Which activation the hidden layers have and which loss the output is judged by: names and numbers, no formulas.

Every route of the oracle writes the functions down in its own arithmetic and differentiates what it has written.

| activation | f(u) |
|---|---|
| ``RELU`` | max(u, 0) |
| ``leaky_relu(s)`` | u for u > 0, else s u |
| ``polynomial(c_0, c_1, …)`` | c_0 + c_1 u + c_2 u² + … |
| ``TANH`` | tanh u |
| ``SWISH`` | u / (1 + exp(−u)) |

| loss | of the error e = x − y, summed over its entries |
|---|---|
| ``"square"`` | e²/2 |
| ``"quartic"`` | e⁴/4 |
| ``"pseudo-huber"`` | √(1 + e²) − 1 |
| ``"cross-entropy"`` | no function of the error: log Σ_k exp(x_k) − y·x, for the standard cost only |
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from symflow.errors import KindError

Loss = Literal["square", "quartic", "pseudo-huber", "cross-entropy"]
LOSSES: tuple[str, ...] = get_args(Loss)
ACTIVATIONS = ("relu", "leaky relu", "polynomial", "tanh", "swish")


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation function by name: the slope of leaky ReLU or the coefficients of a polynomial in ``numbers``.

    Raises KindError for an unknown name, and for numbers that do not fit it.

    >>> Activation("swish").rational, leaky_relu(Fraction(1, 10)).rational
    (False, True)
    """

    name: str
    numbers: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        if self.name not in ACTIVATIONS:
            raise KindError(f"unknown activation {self.name!r}; choose one of {', '.join(map(repr, ACTIVATIONS))}")
        count = len(self.numbers)
        fits = count == 1 if self.name == "leaky relu" else count > 0 if self.name == "polynomial" else count == 0
        if not fits:
            raise KindError(f"the activation {self.name!r} does not go with {count} numbers")

    @property
    def rational(self) -> bool:
        """Whether rational arguments have rational values."""
        return self.name in ("relu", "leaky relu", "polynomial")

    @property
    def kinked(self) -> bool:
        """Whether there is no derivative at 0."""
        return self.name in ("relu", "leaky relu")


RELU = Activation("relu")
TANH = Activation("tanh")
SWISH = Activation("swish")


def leaky_relu(slope: Fraction | int) -> Activation:
    """u for u > 0, else slope times u."""
    return Activation("leaky relu", (Fraction(slope),))


def polynomial(*coefficients: Fraction | int) -> Activation:
    """The polynomial with these coefficients, the constant first.

    >>> polynomial(0, 1, Fraction(1, 4)).numbers
    (Fraction(0, 1), Fraction(1, 1), Fraction(1, 4))
    """
    return Activation("polynomial", tuple(map(Fraction, coefficients)))


def require_loss(loss: str, cost: str) -> None:
    """Raise KindError for a loss that is unknown or makes no sense for the cost."""
    if loss not in LOSSES:
        raise KindError(f"unknown loss {loss!r}; choose one of {', '.join(map(repr, LOSSES))}")
    if loss == "cross-entropy" and cost != "standard":
        raise KindError("cross-entropy compares the output with a label: take cost='standard'")
