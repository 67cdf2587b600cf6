"""Times of arrival and the loss of the population limit: closed forms, 30 digits, moments, the slope of the loss."""

import mpmath
import numpy as np
import pytest
from scipy import stats

from symflow.errors import KindError, LimitError, ShapeError, SymflowError, UnsupportedError
from symflow.flow.separated import population_flow, separated_flow


def test_arrival_in_closed_form():
    logistic = population_flow([stats.uniform()], [1.0], [-0.25])
    places = np.array([[0.25], [0.5], [0.75], [0.99]])
    np.testing.assert_allclose(logistic.arrival_time(places)[:, 0], np.log([1, 3, 9, 297]), rtol=1e-13)
    # F = √q: the lower end of the support is reached, at ∫ dq/(√q(1 + q)).
    root = population_flow([stats.beta(0.5, 1)], [-1.0], [-0.81])
    np.testing.assert_allclose(root.arrival_time([[0.0], [0.25]])[:, 0], 2 * np.arctan(0.9) - [0, 2 * np.arctan(0.5)])
    assert root.threshold(2 * np.arctan(0.9) * 1.0001)[0] == 0


@pytest.mark.parametrize(("start", "place"), [(-6.0, 0.5), (-3.0, -2.9), (-8.0, 0.9)])
def test_arrival_to_thirty_digits(start, place):
    with mpmath.workdps(30):
        corners = [start, *np.arange(start + 0.25, place, 0.5), place]
        exact = mpmath.quad(lambda q: 1 / (mpmath.ncdf(q) * (1 - q)), corners)
    ours = population_flow([stats.norm()], [1.0], [-start]).arrival_time([place])[0]
    assert abs(ours - exact) < 1e-10 * exact


def test_arrival_does_not_miss_a_narrow_distribution():
    wide, narrow = stats.norm(), stats.norm(100, 1e-4)
    flow = population_flow([wide, narrow], [8.0, 100 + 8e-4], [4.0, -(100 - 4e-4)])
    one, other = flow.arrival_time([7.0, 100 + 7e-4])
    assert other == pytest.approx(one, rel=1e-9)
    # Far beyond, F = 1 and only the logarithm of the distance is left.
    far = population_flow([narrow], [2000.0], [-(100 - 4e-4)])
    later = far.arrival_time([1000.0])[0] - far.arrival_time([101.0])[0]
    assert later == pytest.approx(np.log(1899 / 1000), rel=1e-9)


def test_places_that_are_never_come_to():
    flow = population_flow([stats.uniform(), stats.expon()], [-1.0, 3.0], [-0.5, -1.0])
    never = [[0.0, 3.0], [0.6, 0.9], [-0.1, 3.1], [-np.inf, np.inf]]
    assert np.all(np.isinf(flow.arrival_time(never)))
    assert flow.arrival_time([0.5, 1.0]).tolist() == [0.0, 0.0]
    frozen = population_flow([stats.expon()], [2.0], [1.0])
    assert frozen.arrival_time([[-1.0], [0.5]]).ravel().tolist() == [0.0, np.inf]


def test_arrival_undoes_threshold():
    flow = population_flow([stats.gamma(2.5), stats.expon()], [-1.0, 4.0], [-4.0, -0.2])
    times = np.array([0.0, 0.3, 1.0, 4.0])
    np.testing.assert_allclose(flow.arrival_time(flow.threshold(times)), times[:, None] + [0, 0], rtol=1e-9)


@pytest.mark.parametrize(
    ("distribution", "target", "relative"),
    [
        (stats.pareto(3), 2.0, 1e-12), (stats.gamma(0.01), 0.7, 1e-12), (stats.beta(0.5, 0.5), 3.0, 1e-12),
        (stats.lognorm(3), 5.0, 1e-9), (stats.uniform(1000, 1e-3), 0.0, 1e-9), (stats.expon(0, 1e-8), 2.0, 1e-12),
    ],
)  # fmt: skip
def test_loss_before_anything_is_truncated_is_a_second_moment(distribution, target, relative):
    flow = population_flow([distribution], [target], [1.0 - distribution.support()[0]])
    expected = (distribution.var() + (distribution.mean() - target) ** 2) / 2
    np.testing.assert_allclose(flow.loss([0.0, 3.0, np.inf]), [expected] * 3, rtol=relative)


def test_loss_of_a_uniform_population():
    flow = population_flow([stats.uniform(), stats.uniform()], [1.5, -1.0], [-0.25, -0.5])
    times = np.array([[0.0, 0.5, 2.0], [5.0, 30.0, np.inf]])
    q, p = np.clip(np.moveaxis(flow.threshold(times), -1, 0), 0, None)
    rising = q.clip(0, 1) * (1.5 - q) ** 2 + (1.5 - q.clip(0, 1)) ** 3 / 3 - 0.5**3 / 3
    falling = p * (1 + p) ** 2 + (2**3 - (1 + p) ** 3) / 3
    np.testing.assert_allclose(flow.loss(times), (rising + falling) / 2, rtol=1e-11)
    assert flow.loss(times).shape == (2, 3) and flow.loss([]).shape == (0,)


@pytest.mark.parametrize("target", [[2.0, 0.5], [-1.5, 9.0]])
def test_loss_falls_as_fast_as_the_square_of_the_velocity(target):
    distributions = [stats.norm(), stats.t(4)]
    flow = population_flow(distributions, target, [0.3, -0.4])  # theory C10
    times = np.array([0.2, 1.0, 3.0])
    before, after = flow.loss(times + np.array([[-1e-3], [1e-3]]))
    speed = flow.truncated_fraction(times) * (np.array(target) - flow.threshold(times))
    np.testing.assert_allclose((after - before) / 2e-3, -np.sum(speed**2, axis=-1), rtol=1e-5)


def test_loss_of_many_quantiles_comes_close():
    distribution, count = stats.norm(), 20_000
    data = distribution.ppf((np.arange(count) + 0.5) / count)[:, None]
    times = np.linspace(0, 20, 11)
    exact = separated_flow(data, [2.0], [0.5]).loss(times)
    np.testing.assert_allclose(population_flow([distribution], [2.0], [0.5]).loss(times), exact, atol=2e-5)


@pytest.mark.parametrize(
    "distribution", [stats.cauchy(), stats.t(2), stats.t(1.9), stats.pareto(2), stats.cauchy(0, 1e6)]
)
def test_an_infinite_second_moment_is_said(distribution):
    flow = population_flow([distribution], [3.0], [-2.0])
    assert np.isfinite(flow.threshold(5.0)).all()
    with pytest.raises(LimitError, match="truncate the tail"):
        flow.loss([0.0, 1.0])


def test_a_heavy_lower_tail_costs_nothing_once_it_is_truncated():
    assert np.isfinite(population_flow([stats.levy_l()], [3.0], [2.0]).loss(1.0))


def test_a_population_continues_from_any_of_its_biases():
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    arguments = [stats.norm(), stats.gamma(2)], [1.0, -2.0]
    whole = population_flow(*arguments, [0.2, -0.5], rotation=turn)
    rest = population_flow(*arguments, whole.bias(0.7), rotation=turn)
    times = np.linspace(0, 6, 7)
    np.testing.assert_allclose(rest.bias(times), whole.bias(times + 0.7), atol=1e-10)


def test_thresholds_where_hardly_anything_is_truncated_at_the_start():
    for distribution, start, target in ((stats.expon(), 1e-6, 1.0), (stats.norm(), -4.75, 1.0)):
        flow = population_flow([distribution], [target], [-start])
        places = start + np.array([0.01, 0.1, 0.5, 0.9, 0.99]) * (target - start)
        found = flow.threshold(flow.arrival_time(places[:, None])[:, 0])[:, 0]
        np.testing.assert_allclose(found, places, rtol=0, atol=1e-9 * (target - start))


class Bare:
    """A distribution without an inverse."""

    def cdf(self, value):
        return stats.norm().cdf(value)

    def pdf(self, value):
        return stats.norm().pdf(value)

    def support(self):
        return -np.inf, np.inf


def test_what_needs_the_inverse_says_so():
    flow = population_flow([Bare()], [1.0], [0.0])
    assert 0 < flow.threshold(1.0)[0] < 1
    for question in (lambda: flow.loss(0.0), lambda: flow.arrival_time([0.5])):
        with pytest.raises(UnsupportedError, match=r"ppf\(\)"):
            question()


@pytest.mark.parametrize(
    ("places", "error"), [([np.nan], KindError), ("soon", KindError), (0.5, ShapeError), ([0.5, 0.6], ShapeError)]
)
def test_bad_places_are_refused(places, error):
    with pytest.raises(error, match="thresholds"):
        population_flow([stats.norm()], [1.0], [0.0]).arrival_time(places)


def test_without_scipy_the_extra_is_named(monkeypatch):
    from symflow.flow.separated import population

    monkeypatch.setattr(population, "find_spec", lambda name: None)
    with pytest.raises(UnsupportedError, match=r'pip install "symflow\[flow\]"'):
        population_flow([stats.norm()], [1.0], [0.0])


BAD = {
    "target": {"target": [np.inf]}, "bias": {"bias": [np.nan]}, "rotation": {"rotation": [[2.0]]},
    "bias with": {"bias": [0.0, 1.0]}, "distributions": {"distributions": []},
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_bad_input_is_refused_with_its_name(fault):
    arguments = {"distributions": [stats.norm()], "target": [1.0], "bias": [0.0]} | BAD[fault]
    with pytest.raises(SymflowError, match=fault.split()[0]):
        population_flow(**arguments)
