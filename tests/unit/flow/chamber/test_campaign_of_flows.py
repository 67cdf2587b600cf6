"""A campaign that cannot fail proves nothing: wrong answers are planted, and it has to say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from symflow.flow import chamber_flow
from symflow.flow.chamber import ChamberTrajectory
from tests.flows import campaign, continuing
from tests.flows.__main__ import main
from tests.flows.campaign import Instance, judge
from tests.flows.comparing import Comparison

pytest.importorskip("scipy.integrate")

SMALL = Instance(3, L=2, N=12, Q=2, horizon=4.0, smoothed=True)
LARGE = Instance(3, L=2, N=40)


def with_states(flow: ChamberTrajectory, change: Callable[[np.ndarray], np.ndarray]) -> ChamberTrajectory:
    """The same trajectory, its states where segments begin changed."""
    return replace(flow, log=flow.log._replace(theta=change(flow.log.theta)))


def moved(flow: ChamberTrajectory) -> ChamberTrajectory:
    row = int(flow.log.counts[0]) // 2
    return with_states(flow, lambda theta: theta + 1e-6 * (np.arange(len(theta)) == row)[:, None])


PLANTED = {
    "a state off by 1e-6": (LARGE, moved, "the checker refuses it"),
    "an unknown status": (LARGE, lambda flow: replace(flow, status="fine"), "'fine' is not a status"),
    "no message": (LARGE, lambda flow: replace(flow, message=""), "there is no message"),
    "not there yet": (LARGE, lambda flow: replace(flow, t_end=0.5 * flow.t_end), "it is to have finished"),
    "nothing at all": (LARGE, lambda flow: replace(flow, t_end=0.0), "it is to have finished"),
    "no trajectory": (LARGE, lambda flow: None, "AttributeError"),
}


def plant(monkeypatch: pytest.MonkeyPatch, wrong: Callable[[ChamberTrajectory], object]) -> None:
    monkeypatch.setattr(campaign, "chamber_flow", lambda **problem: wrong(chamber_flow(**problem)))


def trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checker that accepts whatever it is given, so that the other routes are seen to work alone."""
    certificate = campaign.check_trajectory(chamber_flow([[0.0]], [0], [[1.0]], [[0.0]], [[[1.0]]], t_max=1.0))
    monkeypatch.setattr(campaign, "check_trajectory", lambda flow, samples: certificate)


@pytest.mark.parametrize("instance", [SMALL, LARGE], ids=["small", "large"])
def test_a_right_flow_passes(instance: Instance) -> None:
    found = judge(instance)
    assert not found.wrong and found.events > 2
    assert (found.comparison is not None) == instance.smoothed


@pytest.mark.parametrize(("instance", "wrong", "words"), PLANTED.values(), ids=PLANTED)
def test_a_planted_error_is_found(instance, wrong, words, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, wrong)
    found = judge(instance)
    assert any(words in what for what in found.wrong), found


def test_a_cost_that_rises_is_found_without_the_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, lambda flow: replace(flow, log=flow.log._replace(velocity=-flow.log.velocity)))
    trust(monkeypatch)
    assert any(what.startswith("the cost rises") for what in judge(LARGE).wrong)


def test_another_flow_is_found_without_the_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    # beside the limit by less than the wider smoothings are
    plant(monkeypatch, lambda flow: with_states(flow, lambda theta: theta + 5e-4))
    trust(monkeypatch)
    (what,) = judge(SMALL).wrong
    assert what.startswith("smoothed networks tend to something else")


def test_a_verdict_is_no_excuse_for_what_comes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, lambda flow: replace(moved(flow), status="non-unique", t_end=0.9 * flow.t_end))
    assert any("the checker refuses it" in what for what in judge(LARGE).wrong)


def test_the_continuations_of_a_verdict_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    ambiguous = Instance(9, L=2)
    found = judge(ambiguous)
    assert (found.status, found.continuations, found.wrong) == ("non-unique", 2, [])
    monkeypatch.setattr(continuing, "chamber_flow", lambda **problem: moved(chamber_flow(**problem)))
    assert any("a continuation that it names is none" in what for what in judge(ambiguous).wrong)


def test_a_verdict_that_nothing_calls_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, lambda flow: replace(flow, status="non-unique", t_end=0.9 * flow.t_end))
    assert judge(LARGE).wrong[-1] == "from where it ends, the flow goes on"


def test_distances_that_stay_do_not_agree() -> None:
    widths = (1e-2, 1e-3, 1e-4, 1e-5)
    assert Comparison(widths, (1e-2, 1e-3, 1e-4, 1e-5)).agrees
    assert Comparison(widths, (1e-2, 3e-3, 1e-3, 3e-4)).agrees is False  # not near yet
    assert Comparison(widths, (1e-2, 1e-3, 1.1e-4, 1e-4)).agrees is False  # tends to 1e-4
    assert Comparison(widths, (1e-4, 1e-6, 1e-7, 1e-7)).agrees  # the solver's own error


def test_exit_status_and_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--instances", "2", "--layers", "2", "--data", "40", "--smoothed", "1"]
    assert main(arguments) == 0
    lines = {line[:32].strip(): line[32:].split() for line in capsys.readouterr().out.splitlines()}
    assert lines["instances"] == ["2", "1"]
    assert lines["silently wrong"] == ["0", "0"]
    assert lines["compared with smoothed networks"] == ["0", "1"]
    plant(monkeypatch, lambda flow: replace(flow, status="fine"))
    assert main([*arguments[:-1], "0"]) == 1
    assert "WRONG: 'fine' is not a status" in capsys.readouterr().out
