"""Roots by the Taylor polynomial: against roots of the sum of exponentials, which come by another way; the bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symflow.flow.chamber.exponentials import earliest, first_root
from symflow.flow.chamber.nearby import NEARBY, ORDER, advanced, expand, root_nearby, size_of, velocity_then
from symflow.flow.chamber.stepping import state_at, velocity_at


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """G (5, 5), positive semidefinite of rank 4, and v in its range; the terms of the flow."""
    rng = np.random.default_rng(seed)
    B = rng.normal(size=(4, 5))
    G, v = B.T @ B, B.T @ rng.normal(size=4)
    terms = np.empty((ORDER, 5))
    expand(G, v, terms)
    return G, v, terms


@pytest.mark.parametrize("seed", range(10))
def test_states_and_velocities_are_those_of_the_modes(seed) -> None:
    G, v, terms = drawn(seed)
    rates, V = np.linalg.eigh(G)
    start, time = np.random.default_rng(seed).normal(size=5), NEARBY / size_of(G)
    here, there, fast, faster = (np.empty(5) for _ in range(4))
    advanced(start, terms, time, here)
    state_at(start, np.maximum(rates, 0.0), V, V.T @ v, time, there)
    assert here == pytest.approx(there, abs=1e-14)
    velocity_then(terms, time, fast)
    velocity_at(np.maximum(rates, 0.0), V, V.T @ v, time, faster)
    assert fast == pytest.approx(faster, abs=1e-12)
    assert np.linalg.norm(fast) <= np.linalg.norm(v)  # what the bounds rest on


@pytest.mark.parametrize("seed", range(40))
def test_the_first_root_is_that_of_the_exponentials(seed) -> None:
    G, v, terms = drawn(seed)
    rng = np.random.default_rng(100 + seed)
    row, sign = rng.normal(size=5), 1.0 if seed % 2 else -1.0
    rates, V = np.linalg.eigh(G)
    end = NEARBY / size_of(G)
    bend = float(np.linalg.norm(row) * np.linalg.norm(G @ v))
    start = abs(rng.normal()) * 0.3 * end * np.linalg.norm(row) * np.linalg.norm(v)
    begin = earliest(start, float(sign * row @ v), bend)
    found = root_nearby(start, sign, row, terms, bend, min(begin, end), end, np.empty(ORDER))
    wanted = first_root(start, sign * (row @ V) * (V.T @ v), np.maximum(rates, 0.0), 0.0, end)
    assert found == wanted or found == pytest.approx(wanted, rel=1e-12)
    assert begin <= min(found, wanted)


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6])
def test_a_close_pair_of_roots_is_not_stepped_over(gap) -> None:
    # f = (e^{-t} - a)(e^{-t} - b) k, with roots at -log a and -log b: modes of the rates 1 and 2
    a, b = math.exp(-0.1), math.exp(-0.1 - gap)
    G, row = np.diag([1.0, 2.0]), np.ones(2)
    v = np.array([a + b, -2.0])  # f' = (a + b) e^{-t} - 2 e^{-2t}
    start, end = (1 - a) * (1 - b), NEARBY / size_of(G)
    terms = np.empty((ORDER, 2))
    expand(G, v, terms)
    bend = float(np.linalg.norm(row) * np.linalg.norm(G @ v))
    begin = earliest(start, float(row @ v), bend)
    found = root_nearby(start, 1.0, row, terms, bend, begin, end, np.empty(ORDER))
    assert found == pytest.approx(0.1, abs=1e-15 / gap * 20)
    # and one that misses zero by a hair has none
    assert math.isinf(root_nearby(start + gap * gap, 1.0, row, terms, bend, begin, end, np.empty(ORDER)))


@pytest.mark.parametrize("start", [1e-3, 1e-6, 1e-9])
def test_a_wall_that_is_left_and_met_again(start) -> None:
    # f' = 1.05 e^{-t} - 1 turns from away to towards: Newton's method alone would step over the root
    G, row, v = np.diag([0.0, 1.0]), np.ones(2), np.array([-1.0, 1.05])
    terms = np.empty((ORDER, 2))
    expand(G, v, terms)
    bend, end = float(np.linalg.norm(row) * np.linalg.norm(G @ v)), NEARBY / size_of(G)
    found = root_nearby(start, 1.0, row, terms, bend, earliest(start, 0.05, bend), end, np.empty(ORDER))
    assert found == pytest.approx(first_root(start, v, np.array([0.0, 1.0]), 0.0, end), rel=1e-12)


def test_no_root_before_the_bound() -> None:
    assert earliest(1.0, -1.0, 0.0) == 1.0
    assert math.isinf(earliest(1.0, 0.0, 0.0)) and math.isinf(earliest(1.0, 1.0, 0.0))
    assert earliest(2.0, 0.0, 4.0) == 1.0 and earliest(2.0, 1.0, 6.0) == pytest.approx(1.0)
