"""The adversary of inequalities finds violations that random points miss, and never claims one that is none."""

import time

import pytest

from symflow.confirm.slack import Slack, least_slack
from symflow.expr.language import exp, sqnorm, variable
from symflow.expr.tree import Symbol
from symflow.refutation import Counterexample

x, y = (variable(Symbol(name, "vector", ("n",))) for name in "xy")
s, t = (variable(Symbol(name, "scalar", ())) for name in "st")
OPTIONS = {"points": 40, "steps": 400, "seconds": 10.0}


@pytest.mark.parametrize(
    "claim",
    [
        sqnorm(x) + sqnorm(y) >= 2 * x.T @ y, x.T @ y <= (sqnorm(x) + sqnorm(y)) / 2, exp(s) >= 1 + s,
        (x.T @ y) ** 2 <= sqnorm(x) * sqnorm(y),
    ],
)  # fmt: skip
def test_true_inequalities_are_not_violated(claim):
    found = least_slack(claim, descents=4, **OPTIONS)
    assert isinstance(found, Slack)
    assert found.points > 40 and 0 <= found.least < 1


NARROW = (s - 7) ** 2 + (t + 9) ** 2 - 1 >= 0  # violated in a disc that the palettes of small numbers miss


def test_a_violation_that_random_points_miss_is_found():
    assert isinstance(least_slack(NARROW, descents=0, **OPTIONS), Slack)
    found = least_slack(NARROW, descents=4, **OPTIONS)
    assert isinstance(found, Counterexample)
    assert "left" in found.summary()


def test_the_relation_is_read_the_right_way_round():
    assert isinstance(least_slack(1 - (s - 7) ** 2 - (t + 9) ** 2 <= 0, descents=4, **OPTIONS), Counterexample)
    assert isinstance(least_slack(1 - (s - 7) ** 2 - (t + 9) ** 2 <= 1, descents=4, **OPTIONS), Slack)


def test_hypotheses_are_kept():
    found = least_slack(s >= 0, descents=3, hypotheses=(s == t * t,), **OPTIONS)
    assert found is None or isinstance(found, Slack)


def test_the_same_seed_says_the_same():
    claim = sqnorm(x) + 1 >= 2 * s - s * s
    assert least_slack(claim, descents=3, **OPTIONS) == least_slack(claim, descents=3, **OPTIONS)


def test_time_is_bounded():
    start = time.perf_counter()
    least_slack((x.T @ y) ** 2 <= sqnorm(x) * sqnorm(y), points=10**6, descents=10, steps=10**6, seconds=0.2)
    assert time.perf_counter() - start < 1.0


def test_an_attained_bound_is_said():
    assert str(Slack(0.0, 3)) == "not violated at 3 points, least slack 0, attained"
    assert str(Slack(0.25, 3)).endswith("least slack 2.5e-01")
