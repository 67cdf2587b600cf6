"""How much is compared: a little on every check, much on request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """The networks, data sets, sizes and points of a confirmation.

    ``shapes`` are (Q, N) of networks as deep as the statement says; ``readings`` are (depth, layer, Q, N) for
    statements that hold at every depth; ``digit_shapes`` those of the comparison to 50 digits; ``datasets`` are
    (name, Q, N) with N for the exact comparison, floats take all points; unless ``all_on_data`` only the first reading
    of a statement is compared on them. ``component_sizes`` are the dimensions of
    SymPy's derivation, within ``component_seconds`` each. ``points`` and ``descents`` are
    for inequalities: random points, and points from which the slack is made smaller.
    """

    shapes: tuple[tuple[int, int], ...]
    readings: tuple[tuple[int, int, int, int], ...]
    digit_shapes: tuple[tuple[int, int], ...]
    datasets: tuple[tuple[str, int, int], ...]
    all_on_data: bool
    component_sizes: tuple[int, ...]
    component_seconds: float
    points: int
    descents: int
    steps: int
    slack_seconds: float


FAST = Effort(
    shapes=((2, 4), (3, 6), (4, 5)), readings=((6, 3, 8, 3),), digit_shapes=((2, 2),),
    datasets=(("iris", 4, 24), ("wine", 5, 24)), all_on_data=False, component_sizes=(2,), component_seconds=4.0,
    points=40, descents=3, steps=40, slack_seconds=0.2,
)  # fmt: skip
DEEP = Effort(
    shapes=((1, 3), (2, 4), (2, 40), (3, 6), (4, 5), (5, 20), (8, 12), (6, 40)),
    readings=((2, 2, 3, 10), (3, 1, 4, 40), (4, 2, 6, 12), (5, 5, 3, 20), (6, 1, 4, 10), (6, 3, 4, 40), (6, 6, 8, 10)),
    digit_shapes=((2, 2), (3, 4), (4, 6)),
    datasets=(("iris", 4, 24), ("wine", 5, 24), ("wine", 8, 20), ("digits", 8, 20)),
    all_on_data=True,
    component_sizes=(2, 3), component_seconds=10.0, points=400, descents=12, steps=300, slack_seconds=5.0,
)  # fmt: skip
