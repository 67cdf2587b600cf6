"""Slides on walls tied by data in two layers: their edges against slopes of the cost, and where they end."""

from __future__ import annotations

import dataclasses
import itertools

import flint
import numpy as np
import pytest

from symflow.errors import CertificateError
from symflow.flow import chamber_flow
from symflow.flow.chamber import balls
from symflow.flow.chamber.ball_between import BetweenEvents
from symflow.flow.chamber.ball_slides import Edge
from symflow.flow.chamber.balls import isolate_events
from tests.unit.flow.chamber.instances import draw
from tests.unit.flow.chamber.test_chamber_certificates import tampered

TIED = [(7, 16, 3), (28, 16, 3), (73, 16, 3), (76, 24, 3), (117, 24, 3)]  # seed, N, L; some tie three walls


@pytest.fixture(autouse=True)
def precision():
    before = flint.ctx.prec
    yield
    flint.ctx.prec = before


class Tied(balls._Replay):
    """A replay that keeps what it knows of segments with tied walls, and which edges ended them."""

    def __init__(self, trajectory) -> None:
        flint.ctx.prec = 128
        super().__init__(trajectory, 128, BetweenEvents())
        self.found, self.exits = [], []
        self.run()

    def _stretch(self, *arguments):
        stretch = super()._stretch(*arguments)
        edges = {key: function for key, function in stretch.ends.items() if isinstance(key, Edge)}
        if edges:
            fans = {tuple(group): fan for group, fan in zip(self.slide.groups, self.slide.fans, strict=True)}
            rays = {key: np.array([float(x) for x in fans[key.walls].w[key.ray].entries()]) for key in edges}
            middle, _ = stretch.course.flow.at(flint.arb(0.5 * (arguments[0].end - arguments[0].begin)))
            values = {key: float(function.value(middle)) for key, function in edges.items()}
            self.found.append((np.array([float(x) for x in middle.entries()]), rays, values))
        return stretch

    def _causes(self, *arguments):
        causes, places = super()._causes(*arguments)
        if any(isinstance(key, Edge) for key in causes):
            self.exits.append(arguments[2].number)
        return causes, places


def cost(problem, theta):
    z = problem.points
    for rotation, beta in zip(problem.rotations, theta.reshape(problem.biases.shape), strict=True):
        z = np.maximum((z + beta) @ rotation.T, 0.0) @ rotation - beta
    return 0.5 * float(problem.weights @ ((z - problem.targets) ** 2).sum(axis=1))


@pytest.mark.parametrize(("seed", "N", "L"), TIED)
def test_edges_are_slopes_of_the_cost(seed, N, L):
    """On a ray f is the slope of the cost itself; it is positive between them too, and linear on the cone of some."""
    flow = chamber_flow(**draw(seed, N=N, L=L), t_max=8.0)
    replay = Tied(flow)
    assert replay.exits and replay.found
    rng = np.random.default_rng(seed)
    for theta, rays, values in replay.found:
        here = cost(flow.problem, theta)

        def slope(direction, theta=theta, here=here):
            step = 1e-7 / np.linalg.norm(direction)
            return (cost(flow.problem, theta + step * direction) - here) / step

        for key, ray in rays.items():
            assert slope(ray) == pytest.approx(values[key], abs=2e-5 * np.linalg.norm(ray))
        for walls in {key.walls for key in rays}:
            mine = [key for key in rays if key.walls == walls]
            basis, known = np.array([rays[key] for key in mine]), np.array([values[key] for key in mine])
            assert np.linalg.matrix_rank(basis, 1e-9) == len(walls)
            for mix in rng.normal(size=(20, len(basis))):
                direction = mix @ basis
                size = np.linalg.norm(direction)
                found = slope(direction)
                assert found > -2e-5 * size
                assert np.abs(combined(basis, known, direction, len(walls)) - found).min() < 4e-5 * size


def combined(rays, values, direction, count):
    """What linear functions on the cones of so many rays say of a direction in them."""
    said = []
    for chosen in map(list, itertools.combinations(range(len(rays)), count)):
        shares, *_ = np.linalg.lstsq(rays[chosen].T, direction, rcond=None)
        if shares.min() >= -1e-9 and np.abs(shares @ rays[chosen] - direction).max() < 1e-9 * np.abs(direction).max():
            said.append(float(shares @ values[chosen]))
    return np.array(said)


@pytest.mark.parametrize(("seed", "N", "L"), TIED)
def test_exits_at_edges_are_isolated(seed, N, L):
    flow = chamber_flow(**draw(seed, N=N, L=L), t_max=8.0)
    certificate = isolate_events(flow)
    assert certificate.events == len(flow.events) and certificate.time_radius < 1e-15
    exit_ = Tied(flow).exits[0] + 1
    for share in (1e-9, -1e-9):
        when = flow.segments[exit_].begin * (1.0 + share)
        with pytest.raises(CertificateError, match=f"segment {exit_ - 1}, .*later"):
            isolate_events(tampered(tampered(flow, exit_ - 1, end=when), exit_, begin=when))


def test_a_slide_that_goes_on_behind_its_edge_is_refused():
    flow = chamber_flow(**draw(7, N=16, L=3), t_max=8.0)
    exit_ = Tied(flow).exits[0] + 1
    before = flow.segments[exit_ - 1]
    copy = dataclasses.replace(flow, status="horizon", t_end=flow.segments[exit_].end)
    copy.__dict__["segments"] = (*flow.segments[: exit_ - 1], dataclasses.replace(before, end=copy.t_end))
    assert copy.t_end > before.end + 1e-6
    with pytest.raises(CertificateError, match=r"met before|4000 steps"):
        isolate_events(copy)


# seed, N, L, what is special
SPECIAL = [
    (274, 16, 2),  # the share of a wall that rested at its bound comes back to it as another wall is left
    (30, 30, 2),
    (286, 24, 3),  # a share leaves its bound as another wall is left
    (136, 24, 3),  # a datum joins an atom that slides on walls of two layers
    (168, 16, 3),  # two atoms become one
]


@pytest.mark.parametrize(("seed", "N", "L"), SPECIAL)
def test_what_vanishes_at_the_same_event_is_no_obstacle(seed, N, L):
    flow = chamber_flow(**draw(seed, N=N, L=L), t_max=8.0)
    assert isolate_events(flow).events == len(flow.events)


def test_a_replay_that_begins_again_goes_on_with_its_proofs():
    flow = chamber_flow(**draw(4, N=30), t_max=8.0)
    between = BetweenEvents()
    flint.ctx.prec = 128
    half = dataclasses.replace(flow, status="max-events")
    half.__dict__["segments"] = flow.segments[:20]
    balls._Replay(half, 128, between).run()
    assert between.done == 19
    flint.ctx.prec = 256
    again = balls._Replay(flow, 256, between).run()
    flint.ctx.prec = 256
    anew = balls._Replay(flow, 256, BetweenEvents()).run()
    assert between.done == len(flow.segments) and again == anew


def test_what_a_fan_takes_for_zero_is_counted(monkeypatch):
    flow = chamber_flow(**draw(76, N=24, L=3), t_max=8.0)
    found = isolate_events(flow).taken_as_zero
    assert found > 70
