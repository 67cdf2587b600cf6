"""Event times and thresholds against 50 digits."""

from fractions import Fraction

import numpy as np
import pytest

from symflow.flow import separated_flow
from symflow.flow.separated.sums import prefix_sums_of
from tests.unit.flow.separated.separated_reference import CONTEXT, Reference, equal_weights

RNG = np.random.default_rng(7)
SHAPES = {
    "normal": RNG.normal(size=3000),
    "ties": np.round(RNG.normal(size=2000), 1),
    "alike": 1 - 2.0 ** -np.arange(1, 40, 0.05),  # equal logarithms: a plain running sum drifts here
    "heavy": RNG.standard_cauchy(size=1500),
    "tiny gaps": 1 + np.arange(500) * 2.0**-52,
    "scales": np.concatenate([[-1e100, -1.0], 10.0 ** -np.arange(1.0, 60.0), [3.0, 1e40]]),
}
MOTIONS = {"up past all": (2, np.inf), "up": (5, 0.7), "down past all": (0.95, -np.inf), "down": (0.9, 0.3)}


def start_and_target(data, motion):
    ordered = np.sort(data)
    start, target = MOTIONS[motion]
    first = ordered[start] if start > 1 else ordered[int(start * len(data))]
    span = ordered[-1] - ordered[0]
    if np.isinf(target):
        return first, ordered[-1] + span / 7 if target > 0 else ordered[0] - span / 7
    return first, ordered[int(target * len(data))]


def check(data, weights, exact_weights, motion):
    start, target = start_and_target(data, motion)
    flow = separated_flow(data[:, None], [target], [-start], weights=weights)
    reference = Reference(data, exact_weights, start, target)
    times = flow.events["time"]
    assert len(times) == len(reference.times) > 10
    for ours, theirs in zip(times, reference.times, strict=True):
        assert abs(ours - theirs) <= 4e-15 * theirs
    end = float(reference.times[-1])
    asked = np.concatenate(
        [np.linspace(0, 1.2 * end, 40), times[:: max(1, len(times) // 20)], end * 2.0 ** -np.arange(1, 30)]
    )
    scale = max(abs(start), abs(target))
    for time, ours in zip(asked, flow.threshold(asked)[:, 0], strict=True):
        # A time has an uncertainty of its own, which the second term carries over to the threshold.
        allowed = 1e-14 * scale + 4e-15 * time * abs(reference.speed(time))
        assert abs(ours - reference.threshold(time)) <= allowed


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_equal_weights(shape, motion):
    data = SHAPES[shape]
    check(data, None, equal_weights(len(data)), motion)


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("shape", ["normal", "ties", "scales"])
def test_given_weights(shape, motion):
    data = SHAPES[shape]
    weights = 10.0 ** RNG.uniform(-6, 0, size=len(data))
    check(data, weights, weights, motion)


def test_twenty_thousand_points():
    data = RNG.uniform(size=20_000)
    check(data, None, equal_weights(len(data)), "up past all")


@pytest.fixture(autouse=True)
def digits(request):
    """The shape with all scales loses 240 digits in the plain formulas of the reference."""
    CONTEXT.dps = 400 if "scales" in request.node.name else 50


def test_prefix_sums_are_rounded_about_once():
    for terms in (np.full(20_000, 0.1), RNG.exponential(size=20_000), 10.0 ** RNG.uniform(-12, 3, size=20_000)):
        exact = Fraction(0)
        for ours, term in zip(prefix_sums_of(terms)[1:], terms, strict=True):
            exact += Fraction(term)
            assert abs(Fraction(ours) - exact) <= exact * Fraction(3, 2**54)
