"""First roots of sums of exponentials: against dense sampling, close pairs, touches and starts at zero."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symflow.flow.chamber.exponentials import first_root, growth, leave_zero, value


def sampled_first_root(start, slopes, rates, end):
    times = np.linspace(0.0, end, 400_001)
    safe = np.where(rates > 0, rates, 1.0)
    grown = np.where(rates > 0, -np.expm1(-safe * times[:, None]) / safe, times[:, None])
    negative = np.flatnonzero(start + grown @ slopes <= 0.0)
    return times[negative[0]] if negative.size else math.inf


@pytest.mark.parametrize("seed", range(40))
def test_against_sampling(seed) -> None:
    rng = np.random.default_rng(seed)
    rates = np.sort(rng.uniform(0.0, 3.0, size=5))
    rates[0] = 0.0 if seed % 3 == 0 else rates[0]
    slopes, start = rng.normal(size=5) * 2.0, rng.uniform(0.01, 1.0)
    found, expected = first_root(start, slopes, rates, 0.0, 8.0), sampled_first_root(start, slopes, rates, 8.0)
    if math.isinf(expected):
        assert math.isinf(found) or found > 7.999
    else:
        assert found == pytest.approx(expected, abs=3e-5)
        assert abs(value(start, slopes, rates, found)) < 1e-13


@pytest.mark.parametrize("gap", [1e-3, 1e-5, 1e-6])
def test_a_close_pair_of_roots_is_not_stepped_over(gap) -> None:
    # f = (1 - e^{-t}/a)(1 - e^{-t}/b)·k has roots at -log a and -log b
    a = math.exp(-1.0)
    b = math.exp(-1.0 - gap)
    # with p = 1 - e^{-t} = φ(1, t), r = (1 - e^{-2t})/2 = φ(2, t): e^{-t} = 1 - p, e^{-2t} = 1 - 2r
    start = (1 - 1 / a) * (1 - 1 / b)
    slopes = np.array([1 / a + 1 / b, -2.0 / (a * b)])
    found = first_root(start, slopes, np.array([1.0, 2.0]), 0.0, 50.0)
    assert found == pytest.approx(1.0, abs=1e-15 / gap * 20)


def test_a_miss_by_a_hair_is_a_miss() -> None:
    # (e^{-t} - 1/e)² + 1e-9 has no root
    a = math.exp(-1.0)
    start = (1 - a) ** 2 + 1e-9
    slopes = np.array([2 * a, -2.0])
    assert math.isinf(first_root(start, slopes, np.array([1.0, 2.0]), 0.0, 50.0))
    assert not math.isinf(first_root(start - 2e-9, slopes, np.array([1.0, 2.0]), 0.0, 50.0))


def test_no_root_to_infinity() -> None:
    assert math.isinf(first_root(1.0, np.array([-0.5]), np.array([0.6]), 0.0, math.inf))
    assert first_root(1.0, np.array([-0.5]), np.array([0.4]), 0.0, math.inf) == pytest.approx(math.log(5) / 0.4)
    assert first_root(1.0, np.array([-0.5]), np.array([0.0]), 0.0, math.inf) == pytest.approx(2.0)


def test_leaving_zero() -> None:
    rates = np.array([1.0, 3.0])
    rising = np.array([4.0, -3.0])  # f' = 1, then turns down: 4/1 - 3/3 > 0 in the end
    begin = leave_zero(rising, rates, 1e-12)
    times = np.linspace(1e-6, begin, 100)
    assert begin > 0 and all(value(0.0, rising, rates, t) > 0 for t in times)
    assert math.isnan(leave_zero(-rising, rates, 1e-12))
    assert math.isinf(leave_zero(np.zeros(2), rates, 1e-12))
    flat = np.array([1.0, -1.0])  # f' = 0, f'' = 2
    begin = leave_zero(flat, rates, 1e-12)
    assert begin > 0 and all(value(0.0, flat, rates, t) > 0 for t in np.linspace(1e-6, begin, 100))


def test_growth() -> None:
    assert growth(0.0, 3.0) == 3.0
    assert growth(2.0, math.inf) == 0.5
    assert growth(1e-14, 3.0) == pytest.approx(3.0, rel=1e-13)
