"""The ball replay against other ways to the same numbers: mpmath, a closed form, and itself from other starts."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import flint
import mpmath
import numpy as np
import pytest

from symflow.errors import CertificateError
from symflow.flow import chamber_flow
from symflow.flow.chamber import balls
from symflow.flow.chamber.ball_between import BetweenEvents
from symflow.flow.chamber.balls import isolate_events
from tests.unit.flow.chamber.instances import draw

BENCHMARKS = str(Path(__file__).parents[4] / "benchmarks")
HALVES = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2  # orthogonal to the last bit


@pytest.fixture
def references(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    known = {name: sys.modules.pop(name, None) for name in ("references", "problems")}
    import references

    yield references
    for name, module in known.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module


@pytest.fixture(autouse=True)
def precision():
    before = flint.ctx.prec
    yield
    flint.ctx.prec = before


def number(ball) -> mpmath.mpf:
    mantissa, exponent = ball.mid().man_exp()
    return mpmath.ldexp(int(mantissa), int(exponent))


class Recorded(balls._Replay):
    """A replay that writes down midpoints and radii when it enters segments."""

    def __init__(self, trajectory, bits: int, *, radius: float = 0.0, move: np.ndarray | None = None) -> None:
        flint.ctx.prec = bits
        super().__init__(trajectory, bits, BetweenEvents())
        self.radius = radius
        if move is not None:
            self.state = self.state + flint.arb_mat([[entry] for entry in move.tolist()])
        self.entries: list[tuple[mpmath.mpf, list[mpmath.mpf], float, float, float]] = []

    def _stretch(self, *arguments):
        stretch = super()._stretch(*arguments)
        course = stretch.course
        state = [number(entry) for entry in course.flow.start.entries()]
        clock = number(self.time), float(self.time.rad())
        self.entries.append((clock[0], state, course.radius, course.early + clock[1], course.flow.speed))
        return stretch


def test_events_of_forty_digits(references) -> None:
    """Rotations and weights are dyadic, so that mpmath and the replay have the same problem."""
    rng = np.random.default_rng(0)
    labels = np.arange(32) % 4
    problem = {
        "points": rng.normal(size=(32, 4)) + 1.5 * rng.normal(size=(4, 4))[labels],
        "labels": labels,
        "targets": 1.5 * rng.normal(size=(4, 4)),
        "biases": rng.normal(size=(2, 4)),
        "rotations": np.array([HALVES, (HALVES * [1, -1, 1, 1])[:, [1, 0, 3, 2]]]),
    }
    flow = chamber_flow(**problem, t_max=0.6)
    assert len(flow.events) > 15 and not any(segment.sliding for segment in flow.segments)
    replay = Recorded(flow, 160)
    replay.run()
    with mpmath.workdps(60):
        other = references.Replay(problem, flow.start_pattern, digits=60)
        for event, (time, state, radius, early, _) in zip(flow.events, replay.entries[1:], strict=True):
            (change,) = event.changes
            other.cross(change.layer - 1, change.datum, change.component, event.time)
            assert abs(other.time - time) < early < 1e-35
            distance = mpmath.sqrt(sum((a - b) ** 2 for a, b in zip(other.state, state, strict=True)))
            assert distance < 1e-35 and radius < 1e-35


def test_a_slide_begins_at_a_logarithm() -> None:
    flow = chamber_flow([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]], t_max=10.0)
    replay = Recorded(flow, 256)
    certificate = replay.run()
    with mpmath.workdps(90):
        (time, (state,), radius, early, _) = replay.entries[1]
        assert abs(time - mpmath.log(mpmath.mpf(5) / 4)) <= early < 1e-70
        assert abs(state) <= radius < 1e-70
    assert certificate.until == 10.0 and certificate.taken_as_zero == 0


CASES = [
    {"seed": 4, "N": 30},  # slides, and slides in two layers at its end
    {"seed": 3, "N": 40, "L": 3},
    {"seed": 2, "N": 12, "L": 1},
    {"seed": 7, "N": 30, "moving": True},
    {"seed": 9, "N": 24, "Q": 2},
]


def flow_of(seed: int, moving: bool = False, **sizes):
    return chamber_flow(**draw(seed, **sizes), t_max=4.0, output_bias="moving" if moving else "frozen")


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("size", [1e-26, 0.0])
def test_neighbours_stay_within_the_radius(case, size) -> None:
    """From a start that is moved by less than the radius, at a much higher precision."""
    flow = flow_of(**case)
    rng = np.random.default_rng(0)
    move = rng.normal(size=flow.problem.start.size)
    move *= 0.99 * size / np.linalg.norm(move)
    around, true = Recorded(flow, 128, radius=size), Recorded(flow, 320, move=move)
    around.run()
    true.run()
    assert len(true.entries) == len(flow.segments) > 5
    with mpmath.workdps(110):
        for near, exact in zip(around.entries, true.entries, strict=True):
            # the two rotations stand for orthogonal matrices within some last bits of each other
            last_bits = 1e-34 * (1.0 if size else 1e4)
            assert abs(near[0] - exact[0]) <= near[3] + exact[3] + last_bits
            distance = mpmath.sqrt(sum((a - b) ** 2 for a, b in zip(near[1], exact[1], strict=True)))
            assert distance <= near[2] + exact[2] + near[4] * (near[3] + exact[3]) + last_bits
            assert near[2] < 1e-15


def test_walls_that_speed_the_flow_up_widen_the_radius() -> None:
    """A threshold that truncates one more datum at each of 7 events: its speed grows from 1/8 to 1 (theory C2)."""
    points = np.arange(8.0)[:, None]
    flow = chamber_flow(points, np.zeros(8, dtype=int), [[1000.0]], [[-0.5]], [[[1.0]]], t_max=1.0)
    assert len(flow.events) == 7
    around, true = Recorded(flow, 128, radius=1e-25), Recorded(flow, 320, move=np.array([1e-25]))
    around.run()
    true.run()
    apart = abs(float(around.entries[-1][1][0] - true.entries[-1][1][0]))  # each at its own time of passing
    assert apart <= around.entries[-1][4] * around.entries[-1][3]
    radii = [entry[2] for entry in around.entries]
    assert 7.5e-25 < radii[-1] < 8.5e-25
    # at one time after all events the two are 8 times as far apart as before, less e^{-t}
    late = around.entries[-1][0], true.entries[-1][0]
    assert abs(float(late[0] - late[1])) * around.entries[-1][4] > 7.0 * 1e-25
    assert abs(float(late[0] - late[1])) <= around.entries[-1][3]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_certificate_of_slides_depths_and_moving_targets(case) -> None:
    flow = flow_of(**case)
    certificate = isolate_events(flow)
    assert certificate.events == len(flow.events) > 4
    assert any(segment.sliding for segment in flow.segments)
    assert certificate.state_error < 1e-11 and certificate.time_error < 1e-10
    assert certificate.time_radius < 1e-25 and certificate.state_radius < 1e-25
    assert certificate.until == 4.0


def test_long_runs_do_not_widen() -> None:
    flow = chamber_flow(**draw(2, N=600), t_max=2.0)
    certificate = isolate_events(flow)
    assert certificate.events > 400
    assert certificate.bits == balls.PRECISIONS[0] and certificate.state_radius < 1e-28


def test_an_event_beyond_the_precision_begins_again_with_a_higher_one(monkeypatch) -> None:
    flow = flow_of(4, N=30)
    monkeypatch.setattr(balls, "PRECISIONS", (64, 256))
    assert isolate_events(flow).bits == 256
    monkeypatch.setattr(balls, "PRECISIONS", (64,))
    with pytest.raises(CertificateError, match=r"met together|known to within|isolated|too flatly|not told"):
        isolate_events(flow)


def test_walls_through_the_start_are_counted() -> None:
    flow = chamber_flow([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]], [[0.0]], [[[1.0]]], t_max=3.0)
    assert flow.segments[0].sliding
    certificate = isolate_events(flow)
    assert certificate.taken_as_zero >= 1


def test_nothing_is_certified_without_continuation() -> None:
    flow = flow_of(4, N=30)
    ended = dataclasses.replace(flow, t_end=0.0, status="non-unique")
    certificate = isolate_events(ended)
    assert certificate.events == 0 and certificate.until == 0.0


def test_a_twin_that_stays_behind_is_refused() -> None:
    """Two data at one place cross together; a trajectory in which one of them does not is no trajectory."""
    given = draw(4, N=30)
    for name in ("points", "labels"):
        given[name] = np.concatenate((given[name], given[name][:1]))
    flow = chamber_flow(**given, t_max=4.0)
    index, event = next(
        (number, event) for number, event in enumerate(flow.events, 1) if {c.datum for c in event.changes} == {0, 30}
    )
    assert isolate_events(flow).events == len(flow.events)
    only = tuple(change for change in event.changes if change.datum == 0)
    segments = list(flow.segments[: index + 1])
    segments[-1] = dataclasses.replace(segments[-1], changes=only)
    wrong = dataclasses.replace(flow, t_end=segments[-1].end)
    wrong.__dict__["segments"] = tuple(segments)
    with pytest.raises(CertificateError):
        isolate_events(wrong)
