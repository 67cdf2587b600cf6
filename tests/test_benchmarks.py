"""The benchmark of flows: its references and adapters are right, it runs, and it fails where symflow is not exact."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    """Its modules are found as they are when it runs, and forgotten afterwards, since their names are common ones."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(ROOT / "benchmarks")):
            del sys.modules[name]


@pytest.mark.parametrize("table", ["separated", "chamber", "growth", "gradients"])
def test_quick_tables(table):
    command = [sys.executable, "benchmarks/flows.py", "--quick", "--only", table, "--seconds", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    rows = [line for line in found.stdout.splitlines() if line.startswith("|")]
    assert len(rows) >= 4, found.stdout
    assert len({row.count("|") for row in rows}) == 1, found.stdout


def test_logarithms_of_the_data():
    from problems import Cluster
    from references import separated_reference

    # half of the data drive q from 0 to 1, all of them from 1 on
    problem = Cluster(np.array([1.0, 0.0]), 0.0, 2.0, np.array([0.0, 1.0, 2.0]))
    events, thresholds = separated_reference(problem)
    assert events.high.tolist() == [2 * math.log(2)]
    expected = [0.0, 2 - 2 * math.exp(-0.5), 2 - math.exp(-(2 - 2 * math.log(2)))]
    assert thresholds.high[:, 0] == pytest.approx(expected, rel=1e-15, abs=1e-15)
    assert events.errors(np.array([2 * math.log(2)]))[0] < 2e-16


def test_errors_below_one_unit_of_rounding_are_seen():
    import mpmath
    from references import twofold

    with mpmath.workdps(40):
        number = twofold([mpmath.mpf(1) + mpmath.mpf(2) ** -60], 40)
    assert number.errors(np.array([1.0])).tolist() == [2.0**-60]


@pytest.fixture(scope="module")
def flow():
    """A flow of two layers that crosses walls of both, up to its first slide, and its problem."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from problems import draw
        from tables.chamber import _crossing
    finally:
        sys.path.pop(0)
    return _crossing("small", draw(4, 30))


def test_taylor_series_agree_with_a_general_solver(flow):
    from peers.chamber import velocity
    from scipy.integrate import solve_ivp

    start = np.ravel(flow.run.problem["biases"])
    slope = velocity(flow.run.problem)
    found = solve_ivp(slope, (0, flow.run.end), start, "RK45", t_eval=flow.run.times, rtol=1e-7, atol=1e-9)
    assert flow.events > 10
    assert np.abs(found.y.T - flow.truth.high).max() < 1e-4
    assert flow.own_error < 1e-12


def test_a_grouping_follows_the_chambers(flow):
    from grouping import Grouping
    from peers.chamber import velocity

    from symflow.flow import chamber_flow

    problem = flow.run.problem
    grouping, slope = Grouping(problem), velocity(problem)
    layers = set()
    trajectory = chamber_flow(**problem, t_max=flow.run.end)
    for segment in trajectory.segments:
        # inside the chamber all walls are ahead, and the linear flow is that of the network
        middle = segment.theta_at(np.array([(segment.begin + segment.end) / 2]))[0]
        assert grouping.distances(middle).min() > 0
        assert grouping.c - grouping.A @ middle == pytest.approx(slope(0.0, middle), abs=1e-11)
        end = segment.theta_at(np.array([segment.end]))[0]
        wall = int(np.argmin(grouping.distances(end)))
        if segment is not trajectory.segments[-1]:
            grouping.cross(wall)
            layers.add(len(grouping.groups[wall // 2 // grouping.width]))
    assert layers == {0, 1}


@pytest.mark.parametrize("table", ["separated", "chamber"])
def test_an_inexact_flow_is_told(table, monkeypatch, capsys):
    import tables
    from tables import chamber, separated

    del chamber, separated
    home = sys.modules[f"tables.{table}"]
    monkeypatch.setattr(home, "_peers", lambda quick: iter(()))
    assert getattr(tables, table)(True, 1.0) == []
    for name in ("EVENTS", "THRESHOLDS", "STATES"):
        monkeypatch.setattr(home, name, -1.0, raising=False)  # not even no error at all
    assert len(getattr(tables, table)(True, 1.0)) == 2
    assert "**symflow**" in capsys.readouterr().out
