"""The checker and the ball replay: true trajectories pass, tampered ones do not."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest

from symflow.errors import CertificateError
from symflow.flow import chamber_flow
from symflow.flow.chamber import check_trajectory
from symflow.flow.chamber.balls import isolate_events
from symflow.flow.chamber.compiling import COMPILED
from symflow.flow.chamber.inclusion import distance_to_hull
from tests.unit.flow.chamber.instances import draw


@pytest.fixture(scope="module")
def flow():
    return chamber_flow(**draw(4, N=30), t_max=8.0)


def with_segments(flow, segments):
    """The same trajectory with other segments."""
    copy = dataclasses.replace(flow)
    copy.__dict__["segments"] = tuple(segments)
    return copy


def tampered(flow, index: int, **fields):
    """One segment with other fields."""
    segments = list(flow.segments)
    segments[index] = dataclasses.replace(segments[index], **fields)
    return with_segments(flow, segments)


def test_true_trajectories_pass(flow) -> None:
    certificate = check_trajectory(flow)
    assert certificate.segments == len(flow.segments) > 10
    assert max(certificate.residual, certificate.wrong_side, certificate.share, certificate.discontinuity) < 1e-13


def test_a_wrong_velocity_is_refused(flow) -> None:
    wrong = tampered(flow, 3, velocity=flow.segments[3].velocity * (1.0 + 1e-6))
    for check in (check_trajectory, isolate_events):
        with pytest.raises(CertificateError, match="segment 3"):
            check(wrong)


def test_a_jump_of_the_state_is_refused(flow) -> None:
    theta = flow.segments[5].theta.copy()
    theta[0] += 1e-7
    for check in (check_trajectory, isolate_events):
        with pytest.raises(CertificateError, match="segment 5"):
            check(tampered(flow, 5, theta=theta))


def test_a_late_event_is_refused(flow) -> None:
    fourth, fifth = flow.segments[4:6]
    late = tampered(flow, 4, begin=fourth.begin + 1e-3 * (fifth.begin - fourth.begin))
    with pytest.raises(CertificateError):
        check_trajectory(late)


@pytest.mark.parametrize("index", [1, 20, 60])
@pytest.mark.parametrize("share", [1e-9, -1e-9])
def test_times_that_are_wrong_in_the_ninth_digit_are_refused(flow, index, share) -> None:
    when = flow.segments[index].begin * (1.0 + share)
    wrong = tampered(tampered(flow, index - 1, end=when), index, begin=when)
    with pytest.raises(CertificateError, match=f"segment {index - 1}, .*later"):
        isolate_events(wrong)


def test_a_forgotten_change_is_refused(flow) -> None:
    for index in (1, 20, 60):
        with pytest.raises(CertificateError):
            check_trajectory(tampered(flow, index, changes=()))
        with pytest.raises(CertificateError, match=r"no wall passes through zero|met"):
            isolate_events(tampered(flow, index, changes=()))


def test_a_missed_event_is_refused(flow) -> None:
    """The segment before simply goes on, in its own flow."""
    for index in (1, 20, 60):
        before, missed = flow.segments[index - 1 : index + 1]
        longer = dataclasses.replace(before, end=missed.end)
        segments = [*flow.segments[: index - 1], longer, *flow.segments[index + 1 :]]
        for check in (check_trajectory, isolate_events):
            with pytest.raises(CertificateError):
                check(with_segments(flow, segments))


def test_wrong_sliding_sets_are_refused(flow) -> None:
    index = next(number for number, segment in enumerate(flow.segments) if segment.sliding)
    begins, entered = flow.segments[index], flow.segments[index].sliding
    for check in (check_trajectory, isolate_events):
        with pytest.raises(CertificateError):  # it goes on as if nothing slid
            check(with_segments(flow, [dataclasses.replace(s, sliding=()) for s in flow.segments]))
        with pytest.raises(CertificateError):  # it slides on nothing that it has met
            check(tampered(flow, 2, sliding=entered))
        other = dataclasses.replace(entered[-1], data=((entered[-1].data[0] + 1) % 30,))
        with pytest.raises(CertificateError):  # another datum slides
            check(tampered(flow, index, sliding=(*begins.sliding[:-1], other)))


def test_a_datum_that_is_passed_over_is_found() -> None:
    """A datum that weighs next to nothing, but whose wall is met; or a twin of one that meets none, and all is well."""
    given = draw(4, N=30)
    flow = chamber_flow(**given, t_max=1.0)
    thresholds = -flow.bias(np.linspace(0.0, 1.0, 50))[:, 0] @ given["rotations"][0].T
    passed = int(np.ptp(thresholds, axis=0).argmax())
    middle = given["rotations"][0].T @ np.where(np.arange(3) == passed, thresholds[25], thresholds[0] + 5.0)
    calm = min(set(range(30)) - {change.datum for event in flow.events for change in event.changes})
    for point, met in ((middle, True), (given["points"][calm], False)):
        problem = dataclasses.replace(
            flow.problem,
            points=np.vstack((flow.problem.points, point)),
            targets=np.vstack((flow.problem.targets, flow.problem.targets[:1])),
            weights=np.append(flow.problem.weights, 1e-18),
            labels=np.append(flow.problem.labels, 0),
        )
        z, pattern = point, []
        for rotation, beta in zip(given["rotations"], given["biases"], strict=True):
            u = rotation @ (z + beta)
            pattern.append(u > 0.0)
            z = rotation.T @ np.maximum(u, 0.0) - beta
        start = np.concatenate((flow.start_pattern, np.array(pattern)[:, None]), axis=1)
        more = dataclasses.replace(flow, problem=problem, start_pattern=start)
        if met:
            with pytest.raises(CertificateError, match=r"met (before|earlier)"):
                isolate_events(more)
            with pytest.raises(CertificateError, match="wrong side"):
                check_trajectory(more)
        else:
            assert isolate_events(more).events == len(flow.events)


def test_sliding_with_shares_outside_is_refused() -> None:
    # q' = -2 - q from the left, and crossing would be right: a slide there has a share outside [0, 1]
    true = chamber_flow([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]], t_max=10.0)
    problem = dataclasses.replace(true.problem, targets=np.array([[2.0], [5.0]]))
    with pytest.raises(CertificateError, match=r"share|residual"):
        check_trajectory(dataclasses.replace(true, problem=problem))


def test_ball_replay(flow) -> None:
    balls = isolate_events(flow)
    assert balls.events == len(flow.events)
    assert balls.state_error < 1e-12 and balls.time_error < 1e-10 and balls.time_radius < 1e-28


def test_certify_returns_both() -> None:
    flow = chamber_flow(**draw(1, N=20), t_max=2.0, certify=True)
    check, balls = flow.certificate
    assert check.residual < 1e-13 and balls.state_error < 1e-12


def test_distance_to_hull() -> None:
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert distance_to_hull(square, np.array([0.3, 0.9]))[0] < 1e-12
    assert distance_to_hull(square, np.array([1.5, 0.5]))[0] > 0.1


@pytest.mark.skipif(not COMPILED, reason="numba is not installed")
def test_interpreted_and_compiled_agree() -> None:
    program = (
        "import numpy as np\n"
        "from symflow.flow import chamber_flow\n"
        "from tests.unit.flow.chamber.instances import draw\n"
        "flow = chamber_flow(**draw(4, N=30), t_max=8.0)\n"
        "print(len(flow.events), *(float(b).hex() for b in flow.bias([8.0]).ravel()))\n"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(["", *sys.path])}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    events, *numbers = run.stdout.split()
    here = chamber_flow(**draw(4, N=30), t_max=8.0)
    assert int(events) == len(here.events)
    assert [float.fromhex(number) for number in numbers] == pytest.approx(here.bias([8.0]).ravel(), abs=1e-12)
