"""The bound with which the ball replay shows that no wall is met: a dip below zero is not stepped over."""

from __future__ import annotations

import math

import flint
import pytest

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_chambers import BallChamber, BallFunction, norm
from symflow.flow.chamber.balls import _isolate, _stay_positive


@pytest.fixture(autouse=True)
def precision():
    before, flint.ctx.prec = flint.ctx.prec, 200
    yield
    flint.ctx.prec = before


def chamber() -> BallChamber:
    """θ_1 = φ(1, t), θ_2 = φ(2, t)."""
    M = flint.arb_mat([[1, 0], [0, 2]])
    v = flint.arb_mat([[1], [1]])
    block = flint.arb_mat([[-1, 0, 1], [0, -2, 1], [0, 0, 0]])
    return BallChamber(flint.arb_mat(2, 1), M, v, block, flint.arb(5).sqrt(), [], tied=False)


def pair(gap: float, lift: float) -> BallFunction:
    """(e^{-t} - a)(e^{-t} - b) + lift with roots, without lift, at t = 1 and 1 + gap."""
    a, b = math.exp(-1.0), math.exp(-1.0 - gap)
    row = flint.arb_mat([[a + b, -2.0]])
    return BallFunction(row, flint.arb((1 - a) * (1 - b) + lift), norm(row.transpose()))


@pytest.mark.parametrize("gap", [0.5, 1e-2, 1e-4])
def test_a_dip_is_found(gap) -> None:
    with pytest.raises(CertificateError):
        _stay_positive(chamber(), [pair(gap, 0.0)], flint.arb(4), "here")
    _stay_positive(chamber(), [pair(gap, 0.0)], flint.arb(0.9), "here")


def test_a_miss_is_a_miss() -> None:
    _stay_positive(chamber(), [pair(0.0, 1e-4)], flint.arb(4), "here")


def hump_and_dip() -> tuple[BallChamber, BallFunction]:
    """(p - 1/2)(p - 3/5)(21/20 - p), p = e^{-t}: rises first, is negative for p in (1/2, 3/5), then stays positive."""
    powers = (-0.315, 1.455, -2.15, 1.0)  # minus the coefficients of p^0..p^3
    M = flint.arb_mat([[1, 0, 0], [0, 2, 0], [0, 0, 3]])
    block = flint.arb_mat([[-1, 0, 0, 1], [0, -2, 0, 1], [0, 0, -3, 1], [0, 0, 0, 0]])
    moving = BallChamber(flint.arb_mat(3, 1), M, flint.arb_mat([[1]] * 3), block, flint.arb(14).sqrt(), [], tied=False)
    row = flint.arb_mat([[powers[1], 2 * powers[2], 3 * powers[3]]])
    return moving, BallFunction(row, flint.arb(-sum(powers)), norm(row.transpose()))


def test_a_dip_behind_a_hump_is_found() -> None:
    moving, function = hump_and_dip()
    dip = -math.log(0.6)
    assert function.value(moving.at(flint.arb(dip - 0.01))) > 0 > function.value(moving.at(flint.arb(dip + 0.01)))
    assert function.value(moving.at(flint.arb(3))) > 0
    _stay_positive(moving, [function], flint.arb(dip - 0.01), "here")
    with pytest.raises(CertificateError):
        _stay_positive(moving, [function], flint.arb(3), "here")


def test_isolation() -> None:
    function = pair(0.5, 0.0)
    root = _isolate(chamber(), function, flint.arb(1.0 + 1e-12), flint.arb(1e-10), "here")
    assert abs(float(root.mid()) - 1.0) < 1e-14 and float(root.rad()) < 1e-40
    with pytest.raises(CertificateError):
        _isolate(chamber(), function, flint.arb(1.2), flint.arb(1e-10), "here")
