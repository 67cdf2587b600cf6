"""``symflow flow``: what it refuses, and in which words: files, tables, options, and places to write to."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from flow_table import TABLE

from symflow.cli import flowing, main
from symflow.network.data_files import parse_table


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,a\n3,4,b\n5,six,a\n", "line 3: column 2 holds 'six', which is no number"),
        ("1,2,a\n\n# a remark\n3,,b\n", "line 4: column 2 is empty"),
        ("1,2,a\n3,nan,b\n", "line 2: column 2 is nan"),
        ("1,2,a\n3,inf,b\n", "line 2: column 2 is inf"),
        ("1,2,a\n3,4,5,b\n", "line 2 has 4 columns; line 1, the first datum, has 3"),
        ("1,2,\n", "line 1: the label, in the last column, is empty"),
        ("1,2,a\n3,4,NaN\n", "line 2: the label is NaN; leave out the line"),
        ("1e200,2,a\n3,4,b\n", "has an entry above 1e+75 in absolute value; rescale"),
        ("1\n2\n", "has one column, which would be the label"),
        ("x,y,z\n", "holds no data"),
        ("", "holds no data"),
    ],
)
def test_a_bad_table_is_told_by_its_line(text, message, tmp_path, capsys):
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    assert main(["flow", "chamber", "--data", str(path), "-o", str(tmp_path / "flow.npz")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("symflow flow: ")
    assert message in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "flowers"], "these are digits, iris, wine"),
        (["--data", "absent.csv"], "absent.csv cannot be read: No such file"),
        (["--data", "points.txt"], "Data come as .csv or .npz"),
        (["--data", "."], ". is a folder; give a file in it"),
        (["--data", "points"], "neither a file nor a data set"),
        (["--data", ""], "--data is empty; give a file"),
        (["--data", "iris", "--target", "1e200,0,0,0;0,1,0,0;0,0,1,0"], "--target has an entry above 1e+75"),
        (["--data", "iris", "--classes", "0,7"], "there is no class '7'; the classes are '0', '1', '2'"),
        (["--data", "iris", "--classes", "1,1"], "named twice"),
        (["--data", "iris", "--features", "0,9"], "feature 9 is not there; they are counted from 0 to 3"),
        (["--data", "iris", "--features", "x"], "--features: 'x' is no column"),
        (["--data", "iris", "--features", "0,1"], "3 classes in R^2 have no one-hot targets; give --target"),
        (["--data", "iris", "--target", "1,0"], "--target: row 1 has 2 numbers, and the data have 4 features"),
        (["--data", "iris", "--target", "1,0,0,0"], "--target: 1 rows, and one is needed for each class, 3"),
        (["--data", "iris", "--bias", "mode"], "--bias: row 1 has 1 numbers"),
        (["--data", "iris", "--bias", "1,2,3,nan;1,2,3,4;1,2,3,4"], "--bias: 'nan' is no finite number"),
        (["--data", "iris", "--layers", "2", "--separated"], "in a separated flow every class has one layer"),
        (["--data", "iris", "--step", "0.1"], "--step is for the layered flow; the chamber flow has no such option"),
        (["--data", "iris", "--cost", "standard"], "--cost is for the layered flow"),
        (["--data", "iris", "--rtol", "1e-6"], "--rtol is for rotation, general, layered; the chamber flow"),
        (["--data", "iris", "--separated", "--output-bias", "moving"], "--output-bias is for the chamber flow"),
        (["--data", "iris", "--separated", "--certify"], "--certify is for the chamber flow"),
        (["--data", "iris", "--rotation", "sideways"], "--rotation sideways: towards, identity, random, or a file"),
        (["--data", "iris", "--rotation", "absent.npy"], "absent.npy cannot be read: No such file"),
        (["--data", "iris", "-o", "."], "-o . is a folder; give a file, such as flow.npz"),
        (["--data", "iris", "-o", ""], "-o is empty; give a file, such as flow.npz"),
        (["--data", "iris", "--pictures", ""], "--pictures is empty; give a folder"),
        (["--data", "iris", "-o", "absent/flow.npz"], "cannot be written: No such file or directory"),
    ],
)
def test_wrong_requests(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    kind = "separated" if "--separated" in arguments else "chamber"
    arguments = [argument for argument in arguments if argument != "--separated"]
    assert main(["flow", kind, "-o", "flow.npz", "--t-max", "0.01", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [["--t-max", "-1"], ["--samples", "1"], ["--seed", "x"], ["--layers", "0"]])
def test_wrong_numbers(wrong, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["flow", "chamber", "--data", "iris", "-o", "flow.npz", *wrong])
    assert f"{wrong[1]!r} is not" in capsys.readouterr().err


def test_a_bound_is_told_with_its_reason(capsys):
    for option in ("--t-max", "--step"):
        with pytest.raises(SystemExit, match="2"):
            main(["flow", "layered", "--data", "iris", "-o", "flow.npz", option, "1e20"])
        error = capsys.readouterr().err
        assert "'1e20' is more than 1e+09, " in error
        assert "is not a positive" not in error
    with pytest.raises(SystemExit, match="2"):
        main(["flow", "rotation", "--data", "iris", "-o", "flow.npz", "--rtol", "1"])
    assert "'1' is not a relative error between 1e-13 and 1e-2" in capsys.readouterr().err


def test_a_typing_slip_is_told_by_the_command(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["flow", "chamber", "--data", "iris", "-o", "flow.npz", "--tmax", "1"])
    error = capsys.readouterr().err
    assert error.startswith("usage: symflow flow ")
    assert "symflow flow: error: unrecognized arguments: --tmax 1" in error


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros(2)}, "has no array 'points' (N, Q); it has x"),
        ({"points": np.zeros(3)}, "points must be real numbers (N, Q)"),
        ({"points": np.array([[1.0, np.nan]])}, "points[0, 1] is nan"),
        ({"points": np.zeros((2, 2)), "labels": np.zeros(3)}, "2 points need labels (2,), not (3,)"),
        ({"points": np.zeros((3, 2)), "labels": np.array([0.0, 1.0, np.nan])}, "labels[2] is nan; leave the point out"),
        ({"points": np.array([[object()]])}, "no NPZ archive of plain arrays"),
    ],
)
def test_bad_archives(arrays, message, tmp_path, capsys):
    path = tmp_path / "points.npz"
    np.savez(path, **arrays)
    assert main(["flow", "chamber", "--data", str(path), "-o", str(tmp_path / "flow.npz")]) == 2
    assert message in capsys.readouterr().err
    path.write_bytes(b"no archive")
    assert main(["flow", "chamber", "--data", str(path), "-o", str(tmp_path / "flow.npz")]) == 2


def test_one_array_is_no_archive(tmp_path, capsys):
    with (tmp_path / "points.npz").open("wb") as file:
        np.save(file, np.zeros((3, 2)))
    assert main(["flow", "chamber", "--data", str(tmp_path / "points.npz"), "-o", str(tmp_path / "flow.npz")]) == 2
    assert "points.npz holds one array, as np.save writes it" in capsys.readouterr().err


def test_tables_of_all_sorts():
    for text in (
        "1;2;b\n3;4;a\n",
        "1\t2\tb\n3\t4\ta\n",
        '"1","2","b"\r\n"3","4","a"\r\n',
        "# names\nx,y,k\n1,2,b\n3,4,a",
    ):
        found = parse_table(text, "text")
        assert (found.points.tolist(), found.labels.tolist(), found.names) == ([[1, 2], [3, 4]], [1, 0], ("a", "b"))
    plain = parse_table("1,2\n3,4\n", "text", "none")
    assert (plain.points.tolist(), plain.names) == ([[1, 2], [3, 4]], ("0",))
    assert parse_table("1,2.0\n1,10\n", "text").names == ("2", "10")


def test_a_layer_that_truncates_another_class_is_told(tmp_path, capsys):
    path = tmp_path / "points.csv"
    path.write_text("-1,-1,0\n1,1,1\n-2,2,1\n", encoding="utf-8")
    out = str(tmp_path / "flow.npz")
    assert main(["flow", "separated", "--data", str(path), "-o", out, "--rotation", "identity"]) == 0
    assert "layer 1 truncates 1 of 2 points of other classes at the start" in capsys.readouterr().err


def test_the_data_are_not_overwritten(table, tmp_path, monkeypatch, capsys):
    def never(*_arguments, **_options):
        raise AssertionError

    monkeypatch.setattr(flowing, "chamber_flow", never)
    (tmp_path / "link.csv").symlink_to(table)
    named = tmp_path / "a-events.csv"
    named.write_text(TABLE, encoding="utf-8")
    for data, out in ((table, table), (table, tmp_path / "link.csv"), (named, tmp_path / "a.csv")):
        assert main(["flow", "chamber", "--data", str(data), "-o", str(out)]) == 2
        assert "is read by --data, and would be lost" in capsys.readouterr().err
        assert data.read_text(encoding="utf-8") == TABLE
    np.save(tmp_path / "turn.npy", np.eye(2))
    arguments = ["--rotation", str(tmp_path / "turn.npy"), "-o", str(tmp_path / "turn.npy")]
    assert main(["flow", "chamber", "--data", str(table), *arguments]) == 2
    assert "is read by --rotation" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["-o", "--pictures"])
def test_what_cannot_be_written_is_told_before_the_run(option, table, tmp_path, monkeypatch, capsys):
    def never(*_arguments, **_options):
        raise AssertionError

    monkeypatch.setattr(flowing, "chamber_flow", never)
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.setattr(os, "access", lambda place, _mode: Path(place) != closed)
    for place in (tmp_path / "points.csv" / "new", closed / "new"):
        arguments = {"-o": str(tmp_path / "flow.npz"), option: str(place)}
        assert (
            main(["flow", "chamber", "--data", str(table), *(word for pair in arguments.items() for word in pair)]) == 2
        )
        assert capsys.readouterr().err.startswith(f"symflow flow: {place} cannot be ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["closed", "points.csv"]


def test_advice_comes_before_the_list_of_continuations(tmp_path, capsys):
    """A class of one point, and one of two equal points, start at the apexes of their cones."""
    path = tmp_path / "points.csv"
    path.write_text("0,0,a\n1,1,b\n1,1,b\n2,3,c\n1,2,c\n0.5,3,c\n", encoding="utf-8")
    for kind in ("chamber", "rotation"):
        arguments = ["--data", str(path), "--target", "1,0;0,1;1,1", "-o", str(tmp_path / "flow.npz")]
        assert main(["flow", kind, *arguments]) == 3
        error = capsys.readouterr().err
        assert error.index("--bias random") < error.index("In detail: at t = 0")
        assert len(error) < 480
