"""The bounds with which the ball replay shows that no wall is met: a dip below zero is not stepped over."""

from __future__ import annotations

import math

import flint
import mpmath
import numpy as np
import pytest

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_bounds import above, below, norm, spill
from symflow.flow.chamber.ball_flow import BallFlow, BallFunction, flow_from, function_of
from symflow.flow.chamber.ball_patterns import orthogonal
from symflow.flow.chamber.ball_positive import BallCourse, stays_positive


@pytest.fixture(autouse=True)
def precision():
    before, flint.ctx.prec = flint.ctx.prec, 128
    yield
    flint.ctx.prec = before


def flow_of(*rates: float) -> BallFlow:
    """θ_j = φ(λ_j, t)."""
    n = len(rates)
    M = flint.arb_mat([[rates[row] if row == column else 0.0 for column in range(n)] for row in range(n)])
    return flow_from(flint.arb_mat(n, 1), M, flint.arb_mat([[1.0]] * n))


def course_of(flow: BallFlow, radius: float = 0.0, early: float = 0.0) -> BallCourse:
    return BallCourse(flow, above(flow.M.trace()), radius, early)


def pair(gap: float, lift: float) -> BallFunction:
    """(e^{-t} - a)(e^{-t} - b) + lift with roots, without lift, at t = 1 and 1 + gap; θ_1 = φ(1, t), θ_2 = φ(2, t)."""
    a, b = math.exp(-1.0), math.exp(-1.0 - gap)
    return function_of(flint.arb_mat([[a + b, -2.0]]), flint.arb((1 - a) * (1 - b) + lift))


@pytest.mark.parametrize("gap", [0.5, 1e-2, 1e-4])
def test_a_dip_is_found(gap) -> None:
    course = course_of(flow_of(1.0, 2.0))
    with pytest.raises(CertificateError):
        stays_positive(course, pair(gap, 0.0), 0.0, 4.0, "here")
    stays_positive(course, pair(gap, 0.0), 0.0, 0.9, "here")


def test_a_miss_is_a_miss_unless_the_trajectory_may_be_elsewhere() -> None:
    flow = flow_of(1.0, 2.0)
    stays_positive(course_of(flow, 1e-6), pair(0.0, 1e-4), 0.0, 4.0, "here")
    with pytest.raises(CertificateError):
        stays_positive(course_of(flow, 1e-4), pair(0.0, 1e-4), 0.0, 4.0, "here")
    with pytest.raises(CertificateError):  # f(0) = 0.4, and |θ'| = √2 in the time before
        stays_positive(course_of(flow, 0.0, 0.05), pair(0.0, -0.35), 0.0, 1e-9, "here")


def hump_and_dip() -> tuple[BallFlow, BallFunction]:
    """(p - 1/2)(p - 3/5)(21/20 - p), p = e^{-t}: rises first, is negative for p in (1/2, 3/5), then stays positive."""
    powers = (-0.315, 1.455, -2.15, 1.0)  # minus the coefficients of p^0..p^3
    row = flint.arb_mat([[powers[1], 2 * powers[2], 3 * powers[3]]])
    return flow_of(1.0, 2.0, 3.0), function_of(row, flint.arb(-sum(powers)))


def test_a_dip_behind_a_hump_is_found() -> None:
    flow, function = hump_and_dip()
    dip = -math.log(0.6)
    before, after = (flow.at(flint.arb(dip + shift))[0] for shift in (-0.01, 0.01))
    assert function.value(before) > 0 > function.value(after)
    stays_positive(course_of(flow), function, 0.0, dip - 0.01, "here")
    with pytest.raises(CertificateError):
        stays_positive(course_of(flow), function, 0.0, 3.0, "here")


@pytest.mark.parametrize("seed", range(40))
def test_proofs_are_right_and_not_rare(seed) -> None:
    rng = np.random.default_rng(seed)
    rates = np.sort(rng.exponential(2.0, size=4))
    row, end = rng.normal(size=4), float(rng.exponential(2.0))
    times = np.linspace(0.0, end, 4001)
    moved = (-np.expm1(-np.outer(times, rates)) / rates) @ row
    lowest = float(moved.min())
    for lift, right in ((-1e-4, False), (1e-4, True)):
        function = function_of(flint.arb_mat([row.tolist()]), flint.arb(lift - lowest))
        if right:
            stays_positive(course_of(flow_of(*rates.tolist())), function, 0.0, end, "here")
        else:
            with pytest.raises(CertificateError):
                stays_positive(course_of(flow_of(*rates.tolist())), function, 0.0, end, "here")


def test_a_function_that_starts_at_zero() -> None:
    """(1 - p)(p - a) leaves zero upwards and is back at p = a; (1 - p)² (p - a) does so with slope zero."""
    a = 0.4
    rising = function_of(flint.arb_mat([[-(1.0 + a), 2.0]]), flint.arb(0))
    course = course_of(flow_of(1.0, 2.0))
    free = course.after_crossing(rising)
    assert 0.0 < free < -math.log(a)
    assert course.after_crossing(rising.negative()) <= 0.0
    assert course_of(course.flow, 1.0).after_crossing(rising) <= 0.0
    # (1 - p)²(p - a) = -a + (1 + 2a) p - (2 + a) p² + p³
    flat = function_of(flint.arb_mat([[-(1 + 2 * a), 2 * (2 + a), -3.0]]), flint.arb(0))
    course = course_of(flow_of(1.0, 2.0, 3.0))
    assert abs(float(flat.slope(course.flow.velocity))) < 1e-15
    assert 0.0 < course.after_leaving(flat) < -math.log(a)
    assert course.after_leaving(flat.negative()) <= 0.0


@pytest.mark.parametrize("time", [1e-3, 0.4, 0.7, 30.0])
@pytest.mark.parametrize("before", [None, 1e-60, 0.01, 0.5])
def test_taylor_series_enclose_the_flow(time, before) -> None:
    """Also where the terms of the series were made for another time."""
    rates = (0.0, 1.0, 7.0)
    flow = flow_of(*rates)
    if before is not None:
        flow.at(flint.arb(before))
    state, error = flow.at(flint.arb(time))
    assert error + spill(state) < 1e-33
    with mpmath.workdps(60):
        for row, rate in enumerate(rates):
            true = -mpmath.expm1(-mpmath.mpf(rate) * mpmath.mpf(time)) / rate if rate else mpmath.mpf(time)
            middle = mpmath.mpf(state.mid()[row, 0].str(50, radius=False))
            assert abs(middle - true) < error + spill(state) + 1e-45


def test_bounds_of_balls() -> None:
    ball = flint.arb(-3, 0.5)
    assert above(ball) >= 3.5 and below(ball) <= -3.5
    assert above(flint.arb(0)) > 0.0 > below(flint.arb(0))
    assert norm(flint.arb_mat([[3], [4]])) >= 5.0
    assert math.isinf(above(flint.arb("inf")))


def test_rotations_enclose_orthogonal_matrices() -> None:
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    balls = orthogonal(rotation + 1e-12)
    defect = balls.transpose() * balls
    for row in range(3):
        for column in range(3):
            assert defect[row, column].contains(int(row == column))
            assert 0.0 < float(balls[row, column].rad()) < 2.0**-115
            assert abs(float(balls[row, column]) - rotation[row, column]) < 1e-11
    exact = orthogonal(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    assert all(float(entry.rad()) == 0.0 for entry in exact.entries())
