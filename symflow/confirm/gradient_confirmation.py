"""All comparisons of one gradient statement with the oracle: random networks of several depths, and real data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symflow.confirm.against_oracle import DIGITS, at_layer, compare, holds_at_any_depth, is_rational
from symflow.confirm.bindings import OUTPUT
from symflow.confirm.datasets import load
from symflow.confirm.efforts import FAST, Effort
from symflow.expr.tree import Equation
from symflow.network import LabelledData, PolarParameters, draw_chamber_for, draw_inside_chamber

MARGIN = 0.05
DEEP_MARGIN = 0.01  # a wide and deep network leaves few data far from all walls
DATA_MARGIN = 1e-4
POLYNOMIAL_DEPTH = 2  # degrees double at every layer, and the rationals grow with them

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Confirmation:
    """What was compared, and how far the floats were off at worst."""

    exact: int = 0
    floats: int = 0
    digits: int = 0
    datasets: tuple[str, ...] = ()
    worst: float = 0.0

    def __add__(self, other: Confirmation) -> Confirmation:
        """Both comparisons together."""
        return Confirmation(
            self.exact + other.exact, self.floats + other.floats, self.digits + other.digits,
            tuple(dict.fromkeys(self.datasets + other.datasets)), max(self.worst, other.worst),
        )  # fmt: skip

    def __str__(self) -> str:
        parts = [f"{self.exact} exact"] if self.exact else []
        parts += [f"{self.floats} in floats (worst {self.worst:.0e})"]
        parts += [f"{self.digits} to {DIGITS} digits"] if self.digits else []
        names = [*self.datasets[:-2], " and ".join(self.datasets[-2:])]
        return f"oracle: {', '.join(parts + names)}"


def confirm_gradient(
    equation: Equation, specs: Sequence[Spec], *, effort: Effort = FAST, seed: int = 0
) -> Confirmation:
    """Compare the right side of a gradient statement with both routes of the oracle, in each of its readings.

    Raises ConfirmationError with the network's size and the entry where they differ, UnsupportedError where the
    statement cannot be compared.
    """
    total = Confirmation()
    for number, spec in enumerate(specs):
        rng = np.random.default_rng(seed)
        for part in _on_networks(equation, spec, effort, rng):
            total += part
        if effort.all_on_data or number == 0:
            for part in _on_data(equation, spec, effort, rng):
                total += part
    rng, variants = np.random.default_rng(seed), []
    for spec in specs:
        variant = tuple(spec.get(key) for key in ("activation", "loss", "cost"))
        if holds_at_any_depth(spec) and variant not in variants:
            variants.append(variant)
            for depth, layer, Q, N in effort.readings:
                # a statement of the output layer has no layer of its own to move
                moved = at_layer(spec, depth, 1 if spec["gradient"] in OUTPUT else layer)
                total += _on_random(equation, moved, Q, N, rng, DEEP_MARGIN)
    return total


def _on_networks(equation: Equation, spec: Spec, effort: Effort, rng: np.random.Generator) -> Iterator[Confirmation]:
    for Q, N in effort.shapes:
        yield _on_random(equation, spec, Q, N, rng, MARGIN if Q <= 4 else DEEP_MARGIN)
    depth, adapted = spec.get("depth", 1), spec.get("adapted", True)
    if not is_rational(spec):
        for Q, N in effort.digit_shapes:
            network, data = draw_inside_chamber(rng, Q, depth, N, MARGIN, exact=True, adapted=adapted)
            compare(equation, spec, network, data, f"a random network with Q = {Q}, N = {N}", digits=True)
            yield Confirmation(digits=1)


def _on_data(equation: Equation, spec: Spec, effort: Effort, rng: np.random.Generator) -> Iterator[Confirmation]:
    depth, adapted = spec.get("depth", 1), spec.get("adapted", True)
    for name, Q, N in effort.datasets:
        where = f"{name} with Q = {Q}"
        for exact in _arithmetics(spec):
            data = load(name, Q=Q, N=N if exact else None, exact=exact)  # type: ignore[arg-type]  # names of efforts
            network = draw_chamber_for(rng, data, depth, DATA_MARGIN, adapted=adapted)
            yield _confirmed(equation, spec, network, data, where, (name,))


def _arithmetics(spec: Spec) -> tuple[bool, ...]:
    """Whether exact, for each comparison to be made."""
    deep = spec.get("activation") == "polynomial" and spec.get("depth", 1) > POLYNOMIAL_DEPTH
    return (True, False) if is_rational(spec) and not deep else (False,)


def _on_random(equation: Equation, spec: Spec, Q: int, N: int, rng: np.random.Generator, margin: float) -> Confirmation:
    depth, adapted, total = spec.get("depth", 1), spec.get("adapted", True), Confirmation()
    where = f"a random network with Q = {Q}, N = {N}"
    if depth > 1:
        where += f", {depth} layers"
    for exact in _arithmetics(spec):
        network, data = draw_inside_chamber(rng, Q, depth, N, margin, exact=exact, adapted=adapted)
        total += _confirmed(equation, spec, network, data, where)
    return total


def _confirmed(
    equation: Equation, spec: Spec, network: PolarParameters, data: LabelledData, where: str,
    names: tuple[str, ...] = (),
) -> Confirmation:  # fmt: skip
    worst = compare(equation, spec, network, data, where)
    return Confirmation(int(network.exact), int(not network.exact), 0, names, worst)
