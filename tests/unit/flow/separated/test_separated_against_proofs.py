"""The velocity of the trajectory is the right-hand side that symflow proved (B3), and the network's own gradient."""

from pathlib import Path

import numpy as np
import pytest
import scipy.integrate
from scipy.stats import norm

from symflow.derivation.files import load
from symflow.flow import population_flow, separated_flow
from symflow.network import PulledBackParameters, draw_orthogonal
from symflow.oracle import floating

DERIVATIONS = Path(__file__).resolve().parents[4] / "derivations"


@pytest.fixture(scope="module")
def proved_gradient():
    (derivation,) = load(DERIVATIONS / "b3_cumulative_bias_flow.py")
    report = derivation.check()
    assert report["B3"].verdict.status == "proved"
    return report.lambdify()["B3"]


def instance(seed, size=3, count=12):
    rng = np.random.default_rng(seed)
    points, weights = rng.normal(size=(count, size)), rng.uniform(0.5, 2, size=count)
    rotation = draw_orthogonal(rng, size)
    target, bias = rng.normal(size=size) * 2, rng.normal(size=size)
    return points, weights, rotation, target, bias


@pytest.mark.parametrize("seed", range(8))
def test_velocity_is_the_proved_formula_and_the_gradient_of_the_network(seed, proved_gradient):
    points, weights, rotation, target, bias = instance(seed)
    flow = separated_flow(points, target, bias, rotation=rotation, weights=weights)
    targets = np.tile(target, (len(points), 1))
    compared = 0
    for time in (0.0, 0.03, 0.1, 0.4, 1.3, 5.0):
        beta = flow.bias(time)
        heights = (points + beta) @ rotation.T
        if np.abs(heights).min() < 1e-9:  # at rest on a datum: on a wall the cost has no gradient
            continue
        gradient = proved_gradient(R=rotation, H=heights > 0, beta=beta, y=targets, weights=weights)
        np.testing.assert_allclose(flow.velocity(time), -gradient, rtol=1e-12, atol=1e-13)
        network = PulledBackParameters(weights=(rotation, np.eye(3)), biases=(beta, np.zeros(3)))
        network_gradient = floating.gradients(
            network.as_mapping(), points, targets, weights, coordinates=network.coordinates
        )["biases"][0]
        np.testing.assert_allclose(flow.velocity(time), -network_gradient, rtol=1e-10, atol=1e-11)
        cost = floating.cost(network.as_mapping(), points, targets, weights, coordinates=network.coordinates)
        assert flow.loss(time) == pytest.approx(cost, rel=1e-12)
        compared += 1
    assert compared >= 1


@pytest.mark.parametrize("seed", range(8))
def test_velocity_is_the_slope_of_the_bias(seed):
    points, weights, rotation, target, bias = instance(seed)
    flow = separated_flow(points, target, bias, rotation=rotation, weights=weights)
    step = 1e-6
    for time in (0.05, 0.2, 0.9):
        near = np.abs(flow.events["time"] - time) < 2 * step
        if not near.any():
            slope = (flow.bias(time + step) - flow.bias(time - step)) / (2 * step)
            np.testing.assert_allclose(flow.velocity(time), slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_rates_and_closed_forms_are_those_of_c2_and_c3(seed):
    points, weights, rotation, target, bias = instance(seed)
    weights /= weights.sum()
    flow = separated_flow(points, target, bias, rotation=rotation, weights=weights)
    (thresholds,) = load(DERIVATIONS / "c2_thresholds_decouple.py")
    (closed,) = load(DERIVATIONS / "c3_closed_form_between_events.py")
    rates, forms = thresholds.check().lambdify(), closed.check().lambdify()
    for time in (0.0, 0.03, 0.1, 0.4, 1.3):
        q = flow.threshold(time)
        if np.abs(q - flow.coordinates.T).min() < 1e-9:  # on a datum: step is 0 there, and the flow may turn away
            continue
        found = rates["C2.threshold"](u=flow.coordinates.T, q=q, q_star=flow.frame.target, weights=weights)
        np.testing.assert_allclose(-flow.velocity(time) @ rotation.T, found, rtol=1e-13, atol=1e-13)
    checked = 0
    for motion in flow.directions:
        durations = np.diff(motion.times)
        for start, end, mass, duration in zip(
            motion.thresholds, motion.thresholds[1:], motion.masses, durations, strict=False
        ):
            gaps = motion.target - np.array([start, end])
            # the event is where the distance has shrunk by rho, and C3.restart halfway comes to the same
            rho = gaps[0] / gaps[1]
            assert forms["C3.event"](q_star=motion.target, q0=start, rho=rho) == pytest.approx(
                end, rel=1e-12, abs=1e-12
            )
            assert np.exp(mass * duration) == pytest.approx(rho, rel=1e-11)
            middle = motion.times[0] + motion.times[motion.thresholds.tolist().index(start)] + duration / 2
            known = {"q_star": motion.target, "q0": start, "nu": mass, "t": duration / 4, "s": duration / 4}
            assert motion.threshold(np.array([middle]))[0] == pytest.approx(forms["C3.restart"](**known), rel=1e-11)
            checked += 1
    assert checked >= 3


def test_the_population_is_integrated_at_the_rate_of_c4(monkeypatch):
    (derivation,) = load(DERIVATIONS / "c4_exponential_rate.py")
    report = derivation.check()
    assert report["C4.directions"].verdict.status == "proved"
    proved = report.lambdify()["C4.directions"]
    rates, solve = [], scipy.integrate.solve_ivp

    def watched(rate, *arguments, **options):
        rates.append(rate)
        return solve(rate, *arguments, **options)

    monkeypatch.setattr(scipy.integrate, "solve_ivp", watched)
    target, start = np.array([1.5, -0.4]), np.array([-0.3, 0.8])
    flow = population_flow([norm(), norm(0.5, 2.0)], target, -start)
    flow.threshold([1.0])
    assert len(rates) == 2
    for k, (rate, distribution) in enumerate(zip(rates, flow.distributions, strict=True)):
        # what is integrated is y = log((q* - q(0))/(q* - q)), so that y' is minus the right side of C4
        gone = np.random.default_rng(k).uniform(0.0, 3.0, size=7)
        q = target[k] - (target[k] - start[k]) * np.exp(-gone)
        expected = -proved(F=distribution.cdf, p=q)
        np.testing.assert_allclose(rate(0.0, gone), expected, rtol=1e-13, atol=1e-15)
