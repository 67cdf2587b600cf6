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


def tampered(flow, **arrays):
    log = flow.log._replace(**arrays)
    return dataclasses.replace(flow, log=log)


def test_true_trajectories_pass(flow) -> None:
    certificate = check_trajectory(flow)
    assert certificate.segments == len(flow.segments) > 10
    assert max(certificate.residual, certificate.wrong_side, certificate.share, certificate.discontinuity) < 1e-13


def test_a_wrong_velocity_is_refused(flow) -> None:
    v = flow.log.v.copy()
    v[3] *= 1.0 + 1e-6
    with pytest.raises(CertificateError, match="segment 3"):
        check_trajectory(tampered(flow, v=v))


def test_a_jump_of_the_state_is_refused(flow) -> None:
    theta = flow.log.theta.copy()
    theta[5, 0] += 1e-7
    with pytest.raises(CertificateError, match="segment 5"):
        check_trajectory(tampered(flow, theta=theta))


def test_a_late_event_is_refused(flow) -> None:
    begin = flow.log.begin.copy()
    begin[4] += 1e-3 * (begin[5] - begin[4])
    with pytest.raises(CertificateError):
        check_trajectory(tampered(flow, begin=begin))
    with pytest.raises(CertificateError):
        isolate_events(tampered(flow, begin=begin))


def test_a_forgotten_change_is_refused(flow) -> None:
    changes = flow.log.changes.copy()
    used = int(flow.log.counts[1])
    place = next(row for row in range(used) if changes[row, 3] < 2)
    changes[place, 3] = 1 - changes[place, 3]
    with pytest.raises(CertificateError):
        check_trajectory(tampered(flow, changes=changes))


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
    assert distance_to_hull(square, np.array([0.3, 0.9])) < 1e-12
    assert distance_to_hull(square, np.array([1.5, 0.5])) > 0.1


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
