"""``symflow flow``: data of strangers in, files and pictures out, and what is said where something is wrong."""

from __future__ import annotations

import contextlib
import csv
import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from flow_table import TABLE

from symflow.cli import first_run, flowing, main
from symflow.flow import chamber_flow, general_weight_flow, separated_flow
from symflow.network.data_files import read_data_file

ROOT = Path(__file__).resolve().parents[3]
KINDS = ["separated", "chamber", "rotation", "general", "layered"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_flow_is_written_with_its_events(kind, table, tmp_path, capsys):
    out = tmp_path / f"{kind}.npz"
    assert main(["flow", kind, "--data", str(table), "-o", str(out), "--t-max", "1.5", "--samples", "31"]) == 0
    assert f"{out}: 6 points in R^2, 2 layers, t = 0 to 1.5, " in capsys.readouterr().out
    with np.load(out, allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    assert found["time"][[0, -1]].tolist() == [0.0, 1.5]
    assert found["beta"].shape == found["threshold"].shape == found["truncated_fraction"].shape == (31, 2, 2)
    assert found["weight"].shape == (31, 2, 2, 2)
    assert np.allclose(found["threshold"], -np.einsum("tlij,tlj->tli", found["weight"], found["beta"]))
    assert found["labels"].tolist() == [0, 0, 0, 1, 1, 1]
    assert (np.diff(found["loss"]) <= 1e-12).all()
    assert found["loss"][-1] < 0.8 * found["loss"][0]
    assert {name for name in found if name.startswith("event_")} == {
        f"event_{name}" for name in ("time", "layer", "datum", "component", "kind", "active")
    }
    times = found["event_time"]
    assert 0 < len(times) == len(found["event_kind"])
    assert ((times >= 0) & (times <= 1.5)).all()
    assert str(found["option_data"]) == str(table)
    assert ("effective_beta" in found) == (kind == "layered")


def test_what_is_written_is_the_separated_flow(table, tmp_path):
    out = tmp_path / "flow.npz"
    arguments = ["--bias", "1,1;-0.2,-0.3", "--target", "0,2;3,0", "--rotation", "identity", "--samples", "11"]
    assert main(["flow", "separated", "--data", str(table), "-o", str(out), *arguments]) == 0
    data = read_data_file(table)
    with np.load(out) as file:
        for layer, (bias, target) in enumerate((([1, 1], [0, 2]), ([-0.2, -0.3], [3, 0]))):
            flow = separated_flow(data.points[data.labels == layer], target, bias)
            assert (file["beta"][:, layer] == flow.bias(file["time"])).all()
            assert (file["truncated_fraction"][:, layer] == flow.truncated_fraction(file["time"])).all()
            here = file["event_layer"] == layer + 1
            assert file["event_time"][here].tolist() == [time for time in flow.events["time"] if time <= 10]
            assert (file["labels"][file["event_datum"][here]] == layer).all()


def test_what_is_written_is_the_chamber_flow(table, tmp_path):
    out = tmp_path / "flow.npz"
    arguments = ["--rotation", "random", "--bias", "random", "--seed", "5", "--layers", "3", "--t-max", "2"]
    assert main(["flow", "chamber", "--data", str(table), "-o", str(out), *arguments]) == 0
    with np.load(out) as file:
        flow = chamber_flow(
            file["points"], file["labels"], file["targets"], file["beta"][0], file["weight"][0], t_max=2.0
        )
        assert np.allclose(file["beta"], flow.bias(file["time"]), atol=1e-13)
        assert file["beta"].shape[1] == 3
        changed = sum(len(event.changes) for event in flow.events)
        assert len(file["event_time"]) >= changed


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_give_equal_bytes(kind, table, tmp_path):
    contents = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        out = tmp_path / f"{name}.npz"
        arguments = ["--rotation", "random", "--bias", "random", "--seed", seed, "--t-max", "0.5", "--samples", "9"]
        main(["flow", kind, "--data", str(table), "-o", str(out), *arguments])
        contents.append(out.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_tables(table, tmp_path, capsys):
    out = tmp_path / "flow.csv"
    assert main(["flow", "chamber", "--data", str(table), "-o", str(out), "--samples", "5"]) == 0
    assert "flow-events.csv" in capsys.readouterr().out
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["time"] for row in rows] == ["0.0", "2.5", "5.0", "7.5", "10.0"]
    assert {"loss", "beta_1_1", "threshold_2_2", "truncated_2_1"} <= rows[0].keys()
    events = list(csv.DictReader((tmp_path / "flow-events.csv").read_text().splitlines()))
    assert events[0].keys() == {"time", "layer", "datum", "component", "kind", "active"}


def test_named_data_and_archives(tmp_path):
    out, again = tmp_path / "iris.npz", tmp_path / "again.npz"
    arguments = ["--classes", "0,2", "--features", "0,2"]
    assert main(["flow", "separated", "--data", "iris", *arguments, "-o", str(out)]) == 0
    with np.load(out) as file:
        assert file["points"].shape == (100, 2)
        assert file["masses"].tolist() == [1 / 50] * 100
    assert main(["flow", "separated", "--data", str(out), "-o", str(again)]) == 0  # what was written can be read
    with np.load(out) as one, np.load(again) as other:
        assert (one["beta"] == other["beta"]).all()


def test_pictures(table, tmp_path, capsys):
    folder = tmp_path / "new" / "pictures"
    common = ["--data", str(table), "-o", str(tmp_path / "flow.npz"), "--t-max", "1", "--samples", "4"]
    assert main(["flow", "separated", *common, "--pictures", str(folder)]) == 0
    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert written.keys() == {"thresholds.png", "fractions.png", "loss.png", "plane.png", "plane.gif"}
    assert all(content.startswith(b"\x89PNG" if name.endswith("png") else b"GIF8") for name, content in written.items())
    assert "plane.gif" in capsys.readouterr().out
    line = ["--features", "0", "--target", "1;2", "--pictures", str(tmp_path / "line")]
    assert main(["flow", "layered", *common, *line]) == 0
    assert {path.name for path in (tmp_path / "line").iterdir()} == {"thresholds.png", "fractions.png", "loss.png"}


def test_no_matplotlib(table, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("symflow.report.flow_pictures.find_spec", lambda _name: None)
    out = tmp_path / "flow.npz"
    assert main(["flow", "chamber", "--data", str(table), "-o", str(out), "--pictures", str(tmp_path)]) == 2
    assert 'pip install "symflow[plot]"' in capsys.readouterr().err
    assert not out.exists()  # said before hours of work, not after


def test_a_flow_that_ends_early_is_written_and_said(table, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(flowing, "layered_flow", functools.partial(flowing.layered_flow, max_events=0))
    out = tmp_path / "flow.npz"
    assert main(["flow", "layered", "--data", str(table), "-o", str(out)]) == 3
    assert "max_events = 0" in capsys.readouterr().err
    with np.load(out) as file:
        assert str(file["status"]) == "unresolved"
        assert 0 < file["time"][-1] < 10


@pytest.mark.parametrize("kind", ["chamber", "rotation"])
def test_a_flow_that_does_not_start_writes_nothing(kind, tmp_path, capsys):
    """Both data stand on walls of both layers, and the flow could leave them in several ways."""
    path, out = tmp_path / "points.csv", tmp_path / "flow.npz"
    path.write_text("0.0,a\n1.0,b\n", encoding="utf-8")
    start = ["--target=2;-3", "--bias", "0;0", "--rotation", "identity"]
    assert main(["flow", kind, "--data", str(path), "-o", str(out), *start]) == 3
    assert "the flow does not start, " in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("where", ["flow", "disk"])
def test_an_interrupted_run_leaves_no_file(where, table, tmp_path, monkeypatch, capsys):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    if where == "flow":
        monkeypatch.setattr(flowing, "chamber_flow", interrupt)
    else:
        monkeypatch.setattr(os, "fsync", interrupt)
    assert main(["flow", "chamber", "--data", str(table), "-o", str(tmp_path / "flow.npz")]) == 130
    assert capsys.readouterr().err == "symflow: interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["points.csv"]


def test_an_interrupted_animation_leaves_whole_pictures(table, tmp_path, monkeypatch, capsys):
    from symflow.report import flow_plane

    drawn = []

    def interrupt(*arguments):
        drawn.append(arguments)
        if len(drawn) > 5:  # two in plane.png, then a few frames
            raise KeyboardInterrupt
        return draw(*arguments)

    draw = flow_plane.draw_plane
    monkeypatch.setattr(flow_plane, "draw_plane", interrupt)
    folder = tmp_path / "pictures"
    arguments = ["--data", str(table), "-o", str(tmp_path / "flow.npz"), "--pictures", str(folder)]
    assert main(["flow", "separated", *arguments]) == 130
    assert capsys.readouterr().err == "symflow: interrupted\n"
    assert {path.name for path in folder.iterdir()} == {"thresholds.png", "fractions.png", "loss.png", "plane.png"}


@pytest.mark.parametrize("kind", ["chamber", "rotation", "layered"])
def test_the_interrupt_key_ends_a_run(kind, tmp_path):
    """A process of its own is interrupted while the flow runs; what it says, and what it leaves."""
    random = np.random.default_rng(0)
    np.savez(tmp_path / "points.npz", points=random.normal(size=(2000, 3)), labels=np.arange(2000) % 3)
    (tmp_path / "run.py").write_text(
        "import contextlib, os, signal, sys\n"
        "from symflow.cli import flowing, main\n"
        "def advance(share, calls=[]):\n"
        "    calls.append(share)\n"
        "    if len(calls) == 3:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "@contextlib.contextmanager\n"
        "def bar(what):\n"
        "    yield advance\n"
        "flowing._progress = bar\n"
        "sys.exit(main(sys.argv[1:]))\n",
        encoding="utf-8",
    )
    before = sorted(path.name for path in tmp_path.iterdir())
    arguments = ["flow", kind, "--data", "points.npz", "-o", "flow.npz", "--t-max", "100", "--seed", "1"]
    found = subprocess.run(
        [sys.executable, "run.py", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "symflow: interrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("kind", ["chamber", "rotation", "layered"])
def test_a_terminal_sees_how_far_it_is(kind, table, tmp_path, monkeypatch):
    """Shares grow to 1, through both of the flows that the layered one is made of."""
    seen = []

    @contextlib.contextmanager
    def bar(_what):
        yield seen.append

    monkeypatch.setattr(flowing, "_progress", bar)
    monkeypatch.setattr("symflow.flow.reporting.PAUSE", 0.0)
    monkeypatch.setattr("symflow.flow.chamber.integrator.SLICE", 1)
    assert main(["flow", kind, "--data", str(table), "-o", str(tmp_path / "flow.npz"), "--t-max", "1"]) == 0
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 2


def test_the_bar_is_for_terminals(monkeypatch, capsys):
    with flowing._progress("flow") as advance:
        advance(0.5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with flowing._progress("flow") as advance:
        advance(0.5)
    assert "50%" in capsys.readouterr().err


def test_the_output_bias_moves(table, tmp_path):
    out = tmp_path / "flow.npz"
    arguments = ["--output-bias", "moving", "--t-max", "2", "--pictures", str(tmp_path), "--no-animation"]
    assert main(["flow", "chamber", "--data", str(table), "-o", str(out), *arguments]) == 0
    with np.load(out) as file:
        flow = chamber_flow(
            file["points"], file["labels"], file["targets"], file["beta"][0], file["weight"][0], t_max=2.0,
            output_bias="moving",
        )  # fmt: skip
        assert (file["output_beta"] == flow.target_shift(file["time"])).all()
        assert (file["loss"] == flow.loss(file["time"])).all()
        assert np.abs(file["output_beta"][-1]).max() > 0.01
        assert str(file["option_output_bias"]) == "moving"


def test_equal_weights(tmp_path):
    path, out = tmp_path / "points.csv", tmp_path / "flow.npz"
    path.write_text(TABLE + "0.7,1.7,right\n", encoding="utf-8")
    for weights, wanted in (("class", [1 / 3] * 3 + [1 / 4] * 4), ("equal", [1 / 7] * 7)):
        assert main(["flow", "chamber", "--data", str(path), "-o", str(out), "--weights", weights, "--t-max", "1"]) == 0
        with np.load(out) as file:
            assert file["masses"].tolist() == wanted
            given = (file["points"], file["labels"], file["targets"], file["beta"][0], file["weight"][0])
            flow = chamber_flow(*given, t_max=1.0, weights=file["masses"])
            assert (file["beta"] == flow.bias(file["time"])).all()


def test_a_certificate_is_printed_and_written(table, tmp_path, monkeypatch, capsys):
    out = tmp_path / "flow.npz"
    arguments = ["flow", "chamber", "--data", str(table), "-o", str(out), "--certify", "--bias", "0.3,0.2;-0.4,0.1"]
    assert main(arguments) == 0
    said = capsys.readouterr().out.splitlines()[1]
    assert said.startswith("certified: ")
    assert "events isolated in ball arithmetic" in said
    with np.load(out) as file:
        assert f"certified: {file['certificate']}" == said
    out.unlink()
    monkeypatch.setattr("symflow.flow.chamber.certificate.RESIDUAL", 0.0)
    assert main(arguments) == 3
    assert capsys.readouterr().err.startswith("symflow flow: ")
    assert not out.exists()


@pytest.mark.parametrize("form", ["npy", "csv"])
def test_matrices_from_a_file(form, table, tmp_path, capsys):
    W, path, out = (
        np.array([[[1.0, 0.5], [0.0, 2.0]], [[0.0, 1.0], [1.0, 0.5]]]),
        tmp_path / f"w.{form}",
        tmp_path / "o",
    )
    if form == "npy":
        np.save(path, W)
    else:
        np.savetxt(path, W.reshape(4, 2), delimiter=",")
    arguments = ["--data", str(table), "-o", str(out), "--rotation", str(path), "--t-max", "0.5", "--rtol", "1e-7"]
    assert main(["flow", "general", *arguments]) == 0
    with np.load(out) as file:
        assert (file["weight"][0] == W).all()
        assert np.abs(file["weight"][-1] - W).max() > 0.01
        assert np.allclose(np.linalg.norm(file["weight"], axis=3), np.linalg.norm(W, axis=2))
        given = (file["points"], file["labels"], file["targets"], file["beta"][0], W)
        flow = general_weight_flow(*given, t_max=0.5, weights=file["masses"], rtol=1e-7)
        assert (file["beta"] == flow.bias(file["time"])).all()
    for kind in ("separated", "rotation"):
        assert main(["flow", kind, *(arguments[:-2] if kind == "separated" else arguments)]) == 2
        assert f"matrix 1 is not orthogonal, R·Rᵀ is 3.0e+00 away from 1; the {kind} flow" in capsys.readouterr().err
    assert main(["flow", "general", *arguments, "--layers", "3"]) == 2
    assert "has 2 matrices, and there are 3 layers" in capsys.readouterr().err
    assert main(["flow", "general", *arguments, "--features", "0", "--target=1;2"]) == 2
    assert "matrices (L, 1, 1) are wanted for points in R^1" in capsys.readouterr().err


def test_compiling_is_announced_once_on_a_terminal(tmp_path, monkeypatch, capsys):
    pytest.importorskip("numba")
    from symflow.flow.chamber import advancing

    stats = type("Stats", (), {"cache_path": str(tmp_path)})()
    function = type("Function", (), {"stats": stats, "py_func": advancing.advance.py_func})()
    monkeypatch.setattr(advancing, "advance", function)
    first_run.announce_compiling("chamber")
    assert capsys.readouterr().err == ""  # no terminal
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    first_run.announce_compiling("separated")
    assert capsys.readouterr().err == ""
    first_run.announce_compiling("chamber")
    assert capsys.readouterr().err == "compiling the inner loop, once per installation: a minute or two\n"
    line = advancing.advance.py_func.__code__.co_firstlineno
    (tmp_path / f"advancing.advance-{line}.py311.nbi").touch()
    first_run.announce_compiling("chamber")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("flow", ["chamber", "rotation", "general"])
def test_a_loop_that_has_run_is_found_compiled(flow, table, tmp_path):
    assert main(["flow", flow, "--data", str(table), "-o", str(tmp_path / "flow.npz"), "--t-max", "0.1"]) == 0
    assert first_run.is_compiled(*first_run.LOOPS[flow])
