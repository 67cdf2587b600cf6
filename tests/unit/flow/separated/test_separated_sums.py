"""Prefix sums by NumPy and by numba: the same bits, whichever is there; and equal neighbours stay equal."""

import subprocess
import sys
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from symflow.flow.separated import separated_flow, sums

RNG = np.random.default_rng(11)
TERMS = {
    "alike": np.full(20_000, 0.1),
    "exponential": RNG.exponential(size=20_000),
    "scales": 10.0 ** RNG.uniform(-300, 100, size=9_000),
    "falling": 10.0 ** np.linspace(50, -50, 9_000),
    "rising": 10.0 ** np.linspace(-50, 50, 9_000),  # each term is larger than all before it: Knuth's two-sum
    "zeros": RNG.exponential(size=9_000) * (RNG.uniform(size=9_000) < 0.1),
    "one": np.array([0.3]),
    "none": np.empty(0),
}


def by(add, terms, block):
    result, running, repair = np.zeros(terms.size + 1), 0.0, 0.0
    for begin in range(0, terms.size, block):
        part = terms[begin : begin + block]
        running, repair = add(part, result[begin + 1 : begin + 1 + part.size], running, repair)
    return result


@pytest.mark.parametrize("block", [7, 1000, 4096])
@pytest.mark.parametrize("shape", TERMS)
def test_compiled_and_plain_sums_are_the_same_floats(shape, block):
    pytest.importorskip("numba")
    from symflow.flow.separated.compiled_sums import add_block

    terms = TERMS[shape]
    plain = by(sums.plain_adder(block), terms, block)
    np.testing.assert_array_equal(plain, by(add_block, terms, block))
    np.testing.assert_array_equal(plain, by(sums.plain_adder(4096), terms, 4096))  # blocks do not show
    assert np.all(np.diff(plain)[terms == 0] == 0) and np.all(np.diff(plain) >= 0)


@pytest.mark.parametrize("shape", ["exponential", "falling", "rising"])
def test_both_are_rounded_about_once(shape, monkeypatch):
    terms = TERMS[shape][:3000]
    monkeypatch.setattr(sums, "adder", sums.plain_adder)
    exact = Fraction(0)
    for ours, term in zip(sums.prefix_sums_of(terms)[1:], terms, strict=True):
        exact += Fraction(term)
        assert abs(Fraction(ours) - exact) <= exact * Fraction(3, 2**54)


def test_a_flow_is_the_same_with_numba_and_without(monkeypatch):
    pytest.importorskip("numba")
    points, weights = RNG.normal(size=(5000, 2)), RNG.uniform(0.1, 1, size=5000)
    arguments = (points, [4.0, -5.0], -np.median(points, axis=0))
    with_numba = separated_flow(*arguments, weights=weights)
    monkeypatch.setattr(sums, "adder", sums.plain_adder)
    without = separated_flow(*arguments, weights=weights)
    for one, other in zip(with_numba.directions, without.directions, strict=True):
        np.testing.assert_array_equal(one.times, other.times)
        np.testing.assert_array_equal(one.masses, other.masses)
    np.testing.assert_array_equal(with_numba.events, without.events)


def test_numba_is_not_loaded_for_a_few_points():
    code = (
        "import sys; from symflow.flow import separated_flow; "
        "separated_flow([[0.0], [1.0]], [2.0], [0.0]); assert 'numba' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("weights", "most"), [(None, 3.3), (RNG.uniform(1, 2, size=50_000), 5.8)])
def test_memory_is_that_of_the_points_a_few_times(weights, most):
    points = RNG.normal(size=(50_000, 4))
    bias = -np.sort(points, axis=0)[2]
    separated_flow(points, np.full(4, 9.0), bias, weights=weights)
    tracemalloc.start()
    flow = separated_flow(points, np.full(4, 9.0), bias, weights=weights)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert flow.directions[0].times.size == 50_000 - 2
    assert peak < most * points.nbytes
