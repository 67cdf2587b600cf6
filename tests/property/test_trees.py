"""The strategies reach every operation and every kind: a new one without a strategy fails here."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, find, settings

from symflow.expr.kinds import KINDS
from symflow.expr.tree import DERIVATIVES, OPS
from tests.property.trees import DERIVATIVE_FREE, SHAPES, SYMBOLS, expressions

LOOK = settings(
    max_examples=2000, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)  # fmt: skip


@pytest.mark.parametrize("op", OPS)
def test_every_operation_is_drawn(op: str) -> None:
    shape = {"liegrad": ("n", "n"), "jac": ("n", "m"), "diagpart": ("n", 1), "eye": ("n", "n")}.get(op, (1, 1))
    shape = ("n", "n") if op in ("comm", "pow", "inv", "sym", "skew", "diag") else shape
    assert find(expressions(shape, depth=2), lambda e: any(node.op == op for node in e.walk()), settings=LOOK)


def test_every_kind_has_a_symbol() -> None:
    assert {symbol.kind for symbol in SYMBOLS.values()} == set(KINDS)


def test_derivative_free_is_the_rest() -> None:
    assert DERIVATIVE_FREE.isdisjoint(DERIVATIVES)
    assert set(OPS) == DERIVATIVE_FREE | set(DERIVATIVES)


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_are_kept(shape: tuple[object, object]) -> None:
    found: list[object] = []
    find(expressions(shape), lambda e: bool(found.append(e.shape)) or len(found) > 20, settings=LOOK)  # type: ignore[arg-type]
    assert set(found) == {shape}
