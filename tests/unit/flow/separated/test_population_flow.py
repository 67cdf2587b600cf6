"""Population limit against quadrature, closed forms, and the exact flow of many quantiles."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from symflow.errors import KindError, SymflowError
from symflow.flow.separated import population_flow, separated_flow


@pytest.mark.parametrize(
    ("distribution", "start", "target"),
    [
        (stats.norm(), -1.0, 2.0), (stats.norm(), 2.5, -0.5), (stats.norm(), -3.0, 0.0),
        (stats.expon(), 0.2, 3.0), (stats.expon(), 3.0, 0.5), (stats.gamma(2.5), 4.0, -1.0), (stats.t(3), -2.0, 7.0),
    ],
)  # fmt: skip
def test_time_to_come_to_a_threshold_is_the_integral(distribution, start, target):
    flow = population_flow([distribution], [target], [-start])
    end = flow.threshold(np.inf)[0]
    for part in (0.1, 0.5, 0.9, 0.99):
        place = start + part * (end - start)
        time, error = quad(
            lambda q: 1 / (distribution.cdf(q) * (target - q)), start, place, epsabs=0, epsrel=1e-12, limit=200
        )
        assert error < 1e-8 * time
        assert flow.threshold(time)[0] == pytest.approx(place, abs=1e-9 * abs(target - start))


def test_uniform_is_logistic():
    flow = population_flow([stats.uniform(), stats.uniform()], [1.0, 0.0], [-0.25, -0.5])
    times = np.linspace(0, 300, 61)
    rising, falling = flow.threshold(times).T
    np.testing.assert_allclose(rising, 1 / (1 + 3 * np.exp(-times)), rtol=1e-9)
    np.testing.assert_allclose(
        falling, 1 / (2 + times), rtol=1e-9
    )  # q̇ = −q²: no exponential, the target is the lower end
    assert flow.kinds == ("collapsed", "frozen") and flow.kind == "partial"
    np.testing.assert_allclose(flow.truncated_fraction(times)[:, 1], falling)


def test_quantiles_of_many_data_come_close():
    distribution, count = stats.norm(), 20_000
    data = distribution.ppf((np.arange(count) + 0.5) / count)[:, None]
    rotation = np.array([[-1.0]])
    exact = separated_flow(data, [-1.5], [-1.0], rotation=rotation)
    limit = population_flow([distribution], [-1.5], [-1.0], rotation=rotation)
    times = np.linspace(0, 20, 50)
    np.testing.assert_allclose(exact.bias(times), limit.bias(times), atol=2 / count)
    assert exact.kind == limit.kind == "partial"
    np.testing.assert_allclose(exact.equilibrium, limit.equilibrium)


def test_rest_where_nothing_is_truncated():
    flow = population_flow([stats.expon()], [2.0], [1.0])
    assert flow.threshold([0.0, 9.0, np.inf]).ravel().tolist() == [-1.0] * 3 and flow.kind == "frozen"


def test_a_threshold_never_passes_the_lower_end():
    flow = population_flow([stats.beta(0.5, 2)], [-1.0], [-0.7])
    path = flow.threshold(np.linspace(0, 50, 200))[:, 0]
    assert np.all(np.diff(path) <= 1e-12) and path.min() >= 0 and flow.kind == "frozen"


@pytest.mark.parametrize(
    ("distributions", "target"),
    [([stats.poisson(2)], [1.0]), ([3.0], [1.0]), ([stats.norm()], [1.0, 2.0]), ([stats.norm()], [np.nan]), ([], [])],
)
def test_bad_input_is_refused(distributions, target):
    with pytest.raises(SymflowError):
        population_flow(distributions, target, np.zeros(len(target)))


def test_distributions_in_place_of_points() -> None:
    given = [stats.norm(), stats.uniform(-1, 3)], [1.0, 0.5], [0.5, -0.25]
    assert (separated_flow(*given).threshold([0.5, 3.0]) == population_flow(*given).threshold([0.5, 3.0])).all()
    with pytest.raises(KindError, match="weights"):
        separated_flow(*given, weights=[1.0, 1.0])
