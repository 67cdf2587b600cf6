"""Part C of the theory, F2 and F5 along trajectories: what is proved, against integration to thirty digits.

Right sides are the proved ones, compiled to mpmath; trajectories come from Taylor series of the differential equation
(mpmath's ``odefun``), from quadrature, or from the cost of the original layered network, coded here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath
import pytest
from mpmath import mp, mpf

from symflow import Derivation, along, datasum, decide, relu, step
from symflow.derivation.files import load
from symflow.expr.mpmath_code import compile_mpmath

FOLDER = Path(__file__).resolve().parents[2] / "derivations"
DIGITS = mpf(10) ** -30


@pytest.fixture(autouse=True)
def _forty_digits() -> Iterator[None]:
    with mpmath.workdps(40):
        yield


@cache
def derivations(file: str) -> list[Derivation]:
    """The derivations of a file; each claim is proved once in all tests."""
    return load(FOLDER / f"{file}.py")


@cache
def proved(file: str, label: str) -> Any:
    """The right side of a proved statement, as a function of mpmath matrices."""
    for d in derivations(file):
        for statement in d.statements:
            if statement.label == label:
                assert d.verdict(label).status == "proved"
                return compile_mpmath(statement.equation.rhs)
    raise AssertionError(f"{file} has no statement {label}")


def close(a: Any, b: Any, tolerance: Any = DIGITS) -> bool:
    """Equal entry by entry, to thirty digits after the point."""
    difference = mp.matrix(a) - mp.matrix(b) if isinstance(a, mp.matrix) else mp.matrix([a - b])
    return all(abs(entry) < tolerance for entry in difference)


# one direction: data, their weights, a target; F counts what lies at or below the threshold


def fraction(data: list[Any], weights: list[Any], q: Any) -> Any:
    return sum((w for u, w in zip(data, weights, strict=True) if u <= q), mpf(0))


def stretches(data: list[Any], weights: list[Any], target: Any, q: Any) -> Iterator[tuple[Any, Any, Any]]:
    """From event to event by C3: where a stretch starts, its truncated fraction, how long it lasts."""
    up = target > q
    while True:
        nu = sum((w for u, w in zip(data, weights, strict=True) if (u <= q if up else u < q)), mpf(0))
        ahead = [u for u in data if (q < u < target if up else target < u < q)]
        if not nu or not ahead:
            yield q, nu, mp.inf
            return
        event = min(ahead) if up else max(ahead)
        yield q, nu, mp.log((target - q) / (target - event)) / nu
        q = event


DATA = [mpf(n) / 10 for n in (-12, -5, 3, 4, 11, 17)]
WEIGHTS = [mpf(n) / 24 for n in (3, 5, 4, 6, 2, 4)]


@pytest.mark.parametrize(("target", "start"), [("0.75", "-0.9"), ("-2", "1.3"), ("3", "-1.15")])
def test_closed_form_and_events_agree_with_the_integrated_flow(target: Any, start: Any) -> None:
    target, start = mpf(target), mpf(start)
    velocity, slope = proved("c2_thresholds_decouple", "C2.threshold"), proved("c3_closed_form_between_events", "C3")
    legs = list(stretches(DATA, WEIGHTS, target, start))
    assert len(legs) >= 3

    def speed(_: Any, q: Any) -> list[Any]:
        return list(velocity(u=[[u] for u in DATA], q=q, q_star=[target], weights=WEIGHTS))

    for (q, nu, duration), following in zip(legs, [*legs[1:], None], strict=True):
        nudge = mpf(10) ** -36 * mp.sign(target - q)  # off the wall, in the direction of the flow
        if not nu:
            assert speed(0, [q + nudge]) == [0]
            continue
        flow = mp.odefun(speed, 0, [q + nudge])
        end = min(duration, 2)
        assert close(flow(end)[0], target + (q - target) * mp.exp(-nu * end))
        assert close(slope(nu=nu, q_star=target, q0=q, s=end), nu * (target - flow(end)[0]))
        if following is not None:
            assert close(flow(duration)[0], following[0])


def test_the_time_of_a_trajectory_is_the_integral_over_the_inverse_speed() -> None:
    target, start = mpf(-2), mpf("1.3")
    legs = list(stretches(DATA, WEIGHTS, target, start))
    assert legs[-1][0] == min(DATA) and legs[-1][1] == 0  # frozen at the lowest data value, in finite time
    walls = [leg[0] for leg in legs]
    pieces = (
        mp.quad(lambda q: 1 / (fraction(DATA, WEIGHTS, q) * (q - target)), [below, above])
        for above, below in pairwise(walls)
    )
    assert close(sum(leg[2] for leg in legs[:-1]), sum(pieces))


def test_a_data_point_at_the_target_does_not_attract_from_below() -> None:
    velocity = proved("c2_thresholds_decouple", "C2.threshold")
    assert fraction([mpf(0)], [mpf(1)], mpf(0)) == 1  # F(q*) > 0, and yet:
    assert velocity(u=[[0]], q=[Fraction(-1, 100)], q_star=[0]) == mp.matrix([0])
    assert velocity(u=[[0]], q=[Fraction(1, 100)], q_star=[0]) == mp.matrix([mpf(-1) / 100])


def test_the_population_flow_takes_the_time_of_its_quadrature() -> None:
    def distribution(q: Any) -> Any:
        return 1 / (1 + mp.exp(-3 * q))

    rate = proved("c9_population_limit", "C9")
    with mpmath.workdps(25):
        target = mpf(2)
        flow = mp.odefun(lambda s, q: [distribution(q[0]) * (target - q[0])], 0, [mpf(-1)])
        q = flow(mpf("1.5"))[0]
        assert close(mp.quad(lambda p: 1 / (distribution(p) * (target - p)), [-1, 0, q]), mpf("1.5"), mpf(10) ** -20)
        square = mp.diff(lambda s: (target - flow(s)[0]) ** 2, mpf("1.5"), h=mpf(10) ** -8)
        assert close(square, rate(F=[distribution], q=q, q_star=target), mpf(10) ** -12)


# two directions: a rotation, a cluster, its thresholds

with mpmath.workdps(60):  # orthogonal to more digits than are compared
    R = mp.matrix([[mpf(3) / 5, mpf(-4) / 5], [mpf(4) / 5, mpf(3) / 5]])
POINTS = [mp.matrix(p) for p in (["1.1", "0.3"], ["-0.4", "0.8"], ["0.2", "-1.3"], ["0.9", "1.4"], ["-0.7", "-0.6"])]
SHARES = [mpf(n) / 16 for n in (2, 5, 3, 4, 2)]
GOAL, START = mp.matrix(["-0.1", "1.7"]), mp.matrix(["0.9", "-0.3"])  # of the thresholds, in the coordinates of R


def threshold(k: int, s: Any) -> Any:
    """The threshold of one direction at a time, from event to event."""
    for q, nu, duration in stretches([(R * x)[k] for x in POINTS], SHARES, GOAL[k], START[k]):
        if s <= duration:
            return GOAL[k] + (q - GOAL[k]) * mp.exp(-nu * s)
        s -= duration
    raise AssertionError


def outputs(s: Any) -> list[Any]:
    """R tau(x_i) at a time."""
    q = [threshold(k, s) for k in range(2)]
    return [mp.matrix([max((R * x)[k], q[k]) for k in range(2)]) for x in POINTS]


def average(values: list[Any]) -> Any:
    return sum((w * v for w, v in zip(SHARES[1:], values[1:], strict=True)), SHARES[0] * values[0])


@pytest.mark.parametrize("s", [mpf("0.05"), mpf("0.7"), mpf("2.9")])
def test_moments_and_the_cost_move_as_proved(s: Any) -> None:
    q = mp.matrix([threshold(k, s) for k in range(2)])
    masks = [[int((R * x)[k] > q[k]) for k in range(2)] for x in POINTS]
    known = {"R": R, "H": masks, "beta": -R.T * q, "weights": SHARES}

    def rate(f: Callable[[Any], Any]) -> Any:
        return mp.diff(lambda time: average([f(u) for u in outputs(time)]), s, h=mpf(10) ** -12)

    digits = mpf(10) ** -20
    mean, square = (proved("c7_moments", label)(y=R.T * GOAL, **known) for label in ("C7.mean", "C7.square"))
    a = mp.matrix([mpf(1) / 3, -2])
    speed = mp.matrix([mp.diff(lambda time, k=k: threshold(k, time), s, h=mpf(10) ** -12) for k in range(2)])
    for k in range(2):
        assert close(rate(lambda u, k=k: u[k]), mean[k], digits)
        assert close(rate(lambda u, k=k: u[k] ** 2), square[k], digits)
    ridge = proved("c7_moments", "C7.any")(f=[mp.sin, mp.cos], a=a, w=-R.T * speed, x=POINTS, **known)
    assert close(rate(lambda u: mp.sin((a.T * R.T * u)[0])), ridge, digits)
    gradient = proved("b3_cumulative_bias_flow", "B3")(y=[R.T * GOAL] * len(POINTS), **known)
    assert close(rate(lambda u: ((u - GOAL).T * (u - GOAL))[0] / 2), -((gradient.T * gradient)[0]), digits)


def test_the_cost_never_increases_across_walls() -> None:
    samples = [mpf(n) / 20 for n in range(120)]
    costs = [average([((u - GOAL).T * (u - GOAL))[0] / 2 for u in outputs(s)]) for s in samples]
    assert all(later < earlier for earlier, later in pairwise(costs))
    events = sum(len(list(stretches([(R * x)[k] for x in POINTS], SHARES, GOAL[k], START[k]))) for k in range(2))
    assert events > 5


def test_a_collapsed_cluster_decays_as_proved() -> None:
    beta, y, n = mp.matrix(["-2", "1.5"]), mp.matrix(["0.3", "0.1"]), mpf(7) / 8
    velocity, decay = proved("c6_collapse", "C6.gradient"), proved("c6_collapse", "C6.decay")
    flow = mp.odefun(lambda s, b: list(velocity(beta=b, y=y, weights=[n])), 0, list(beta))
    distance = mp.matrix(flow(mpf("1.2"))) + y
    assert close(n * (distance.T * distance)[0] / 2, decay(beta0=beta, y=y, s=mpf("1.2"), weights=[n]))


def test_a_point_beyond_its_target_ends_the_collapse() -> None:
    (_, _, first), (rest, nu, _) = stretches([mpf(1)], [mpf(1)], mpf(0), mpf(2))
    assert close(first, mp.log(2))
    assert rest == 1 and nu == 0  # the cost is 1/2 for ever, while e^(-2s) C(0) tends to 0


# the original layered network, two clusters, each truncated by its own layer


def rotation(angle: Any) -> Any:
    c, s = mp.cos(mpf(angle)), mp.sin(mpf(angle))
    return mp.matrix([[c, -s], [s, c]])


STRETCHES = [mp.diag([2, mpf(1) / 3]), mp.diag([mpf(3) / 2, 5])]
ANGLES = ["0.85", "3.95"]  # cones that open towards the other cluster
CLUSTERS = [
    [mp.matrix(p) for p in (["-5.1", "0.4"], ["-4.6", "-0.7"], ["-5.3", "-0.2"])],
    [mp.matrix(p) for p in (["4.8", "0.6"], ["5.2", "-0.5"], ["5.5", "0.1"])],
]
TARGETS = [mp.matrix(["-3.2", "0.9"]), mp.matrix(["4.1", "-0.3"])]
BIASES = [mp.matrix(["4.9", "0.1"]), mp.matrix(["-5.1", "-0.2"])]
INSIDE = mpf(1) / 3  # the weight of a point


def layered_cost(rotations: list[Any], biases: list[Any]) -> Any:
    """The cost of the network sigma(W_l x + b_l), its output pulled back to the input space."""
    cumulative = [D * turn for D, turn in zip(STRETCHES, rotations, strict=True)]
    shifts = [W * b for W, b in zip(cumulative, biases, strict=True)]
    W2 = cumulative[1] * cumulative[0] ** -1
    layers = [(cumulative[0], shifts[0]), (W2, shifts[1] - W2 * shifts[0])]
    total = mpf(0)
    for points, y in zip(CLUSTERS, TARGETS, strict=True):
        for x in points:
            for W, b in layers:
                x = (W * x + b).apply(lambda entry: max(entry, 0))  # noqa: PLW2901  # the state, layer by layer
            error = cumulative[1] ** -1 * x - biases[1] - y
            total += INSIDE * (error.T * error)[0] / 2
    return total


@pytest.mark.parametrize("layer", [0, 1])
def test_gradients_of_the_layered_network_are_local_to_a_cluster(layer: int) -> None:
    rotations = [rotation(angle) for angle in ANGLES]
    masks = [[int(entry > 0) for entry in rotations[layer] * (x + BIASES[layer])] for x in CLUSTERS[layer]]
    others = [rotations[layer] * (x + BIASES[layer]) for x in CLUSTERS[1 - layer]]
    assert all(entry > 0 for u in others for entry in u) and len({tuple(m) for m in masks}) > 1
    known = {"R": rotations[layer], "beta": BIASES[layer], "weights": [INSIDE] * 3}
    h = mpf(10) ** -12

    def derivative(shift: list[int], turn: int) -> Any:
        costs = []
        for t in (h, -h):
            turned, shifted = list(rotations), list(BIASES)
            turned[layer] = rotation(t * turn) * turned[layer]
            shifted[layer] = shifted[layer] + t * mp.matrix(shift)
            costs.append(layered_cost(turned, shifted))
        return (costs[0] - costs[1]) / (2 * h)

    local = proved("f2_layer_local_updates", "F2.bias")(m=[1, 1, 1], G=masks, y=TARGETS[layer], **known)
    assert close(derivative([1, 0], 0), local[0], mpf(10) ** -25)
    assert close(derivative([0, 1], 0), local[1], mpf(10) ** -25)
    flow = proved("c1_cost_splits_over_clusters", "C1.rotation")(
        m=[1, 1, 1], G=masks, x=CLUSTERS[layer], y=[TARGETS[layer]] * 3, **known
    )
    assert abs(flow[1, 0]) > mpf(1) / 100
    assert close(derivative([0, 0], 1), -2 * flow[1, 0], mpf(10) ** -20)  # d/dt C(e^{tA} R) = -<Omega, A>


def test_statistics_of_a_pattern_replace_its_points() -> None:
    beta, labels, mask = mp.matrix(["0.4", "-1.1"]), POINTS[::-1], [1, 0]
    known = {"R": R, "H": mask, "beta": beta, "y": labels, "weights": SHARES}
    single = {**known, "H": [mask] * len(POINTS)}
    bias, rotation_flow = (proved("c8_sufficient_statistics", label) for label in ("C8.bias", "C8.rotation"))
    assert close(bias(**known), proved("b3_cumulative_bias_flow", "B3")(**single))
    assert close(rotation_flow(x=POINTS, **known), proved("b5_cumulative_rotation_flow", "B5")(x=POINTS, **single))


def test_a_moving_rotation_stays_orthogonal_and_lowers_the_cost() -> None:
    masks = [[1, 0], [0, 0], [0, 1], [1, 1], [1, 0]]
    omega, slope = proved("c11_rotations_at_rest", "C11.partial"), proved("b3_cumulative_bias_flow", "B3")
    labels = [mp.matrix(["0.2", "0.5"])] * len(POINTS)
    partial = [int(sum(mask) == 1) for mask in masks]

    def parts(state: Any) -> tuple[Any, Any, Any, Any]:
        turn, beta = mp.matrix([state[:2], state[2:4]]), mp.matrix(state[4:])
        spin = omega(R=turn, beta=beta, x=POINTS, y=labels, G=masks, m=partial, weights=SHARES)
        return turn, beta, spin, -slope(R=turn, beta=beta, y=labels, H=masks, weights=SHARES)

    def velocity(_: Any, state: Any) -> list[Any]:
        turn, _, spin, shift = parts(state)
        return [*(spin * turn), *shift]

    def chamber_cost(state: Any) -> Any:
        turn, beta = mp.matrix([state[:2], state[2:4]]), mp.matrix(state[4:])
        kept = [turn.T * mp.diag(h) * turn for h in masks]
        errors = [P * (x + beta) - beta - labels[0] for P, x in zip(kept, POINTS, strict=True)]
        return average([(e.T * e)[0] / 2 for e in errors])

    with mpmath.workdps(18):
        flow = mp.odefun(velocity, 0, [*R, mpf("0.4"), mpf("-0.3")])
        states = [flow(mpf(n) / 4) for n in range(4)]
        turn, _, spin, shift = parts(states[-1])
        assert close(turn.T * turn, mp.eye(2), mpf(10) ** -14) and not close(turn, R, mpf("0.01"))
        costs = [chamber_cost(state) for state in states]
        assert all(later < earlier for earlier, later in pairwise(costs))
        rate = mp.diff(lambda s: chamber_cost(flow(s)), mpf(3) / 4, h=mpf(10) ** -5)
        assert close(rate, -(mp.mnorm(spin, "f") ** 2) - (shift.T * shift)[0], mpf(10) ** -8)
    whole = omega(R=R, beta=labels[0], x=POINTS, y=labels, G=[[1, 1], [0, 0]] * 2 + [[1, 1]], m=[1] * 5)
    assert close(whole, mp.zeros(2))


def test_gradient_descent_is_within_first_order_of_the_flow() -> None:
    nu, c0, time = mpf(5) / 8, mpf(3), mpf(2)

    def error(count: int) -> Any:
        eta, c = time / count, c0
        for _ in range(count):
            c -= eta * nu * c
        assert close(c, (1 - eta * nu) ** count * c0)
        return abs(c - c0 * mp.exp(-nu * time))

    for count in (4, 16, 64):
        assert error(count) <= c0 * nu**2 * time * (time / count) / 2  # the bound of F5
    assert abs(error(64) / error(128) - 2) < mpf(1) / 50


def test_a_step_multiplies_distances_also_where_it_is_unstable() -> None:
    layer, slope = proved("f5_gradient_descent", "F5.layer"), proved("b3_cumulative_bias_flow", "B3")
    masks, y = [[0, 1], [0, 0], [1, 1], [0, 1], [0, 0]], mp.matrix(["0.7", "-0.2"])
    for eta in (mpf("1.9"), mpf("2.9")):
        beta = mp.matrix(["0.1", "1.2"])
        after = beta - eta * slope(R=R, H=masks, beta=beta, y=[y] * 5, weights=SHARES)
        assert close(R * (after + y), layer(eta=eta, R=R, H=masks, beta=beta, y=y, weights=SHARES))
        shrinks = abs((R * (after + y))[0]) < abs((R * (beta + y))[0])
        assert shrinks == (eta * (1 - SHARES[2]) < 2)


def test_false_neighbours_are_refuted() -> None:
    d = Derivation("False neighbours")
    q, target, nu = d.scalar("q"), d.scalar("target"), d.scalar("nu", positive=True)
    a, b, u = d.scalar("a"), d.scalar("b"), d.scalar("u", over="i")
    F = datasum(1 - step(u - q), "i")
    mean = datasum(relu(u - q) + q, "i")
    flow = {q: F * (target - q)}
    assert decide(along(mean, flow) == F**2 * (target - q)).status == "proved"
    for statement in (
        along(mean, flow) == F * (target - q),  # C7 with nu for nu^2
        along((target - q) ** 2, {q: nu * (target - q)}) == -nu * (target - q) ** 2,  # C6 with the rate 1
        (relu(a - q) + q - target) ** 2 <= (target - q) ** 2,  # C6.bound without u <= q*
        (step(a) - step(b)) * (b - a) >= 0,  # C4.monotone, reversed
    ):
        assert decide(statement).status == "refuted"
