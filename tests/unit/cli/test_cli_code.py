"""``symflow code`` and ``report.to_python``: only what is proved is written, the same each time, and it runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symflow import Derivation, datasum, grad, inv, outer, sqnorm
from symflow.cli import main
from symflow.derivation import load
from symflow.errors import KindError, SymflowError, UnsupportedError

FILE = '''
from symflow import Derivation, datasum, grad, outer, sqnorm
d = Derivation("Lines of \\\\ a derivation")
x, W = d.vector("x", "n", over="i"), d.matrix("W", "m", "n")
C = d.define("C", datasum(sqnorm(W @ x), "i") / 2)
d.claim("gradient", grad(C, W) == W @ datasum(outer(x), "i"), title='what """it" is')
d.claim("twice", 2 * C == datasum(sqnorm(W @ x), "i"))
d.claim("open", grad(C, W) == grad(C, W))
e = Derivation("More")
e.claim("positive", sqnorm(W) >= 0)
'''
WRONG = FILE + 'e.claim("wrong", grad(C, W) == W)\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lines.py"
    path.write_text(FILE)
    return path


def module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize("form", ["loops", "numpy"])
def test_a_module_is_written(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    output = tmp_path / "out" / "printed.py"
    output.parent.mkdir()
    assert main(["code", str(file), "-o", str(output), "--as", form]) == 0
    assert capsys.readouterr().out == f"{output}: 2 functions\n"
    assert list(output.parent.iterdir()) == [output]
    printed = module(output)
    x, W, weights = np.arange(6.0).reshape(3, 2), np.array([[1.0, -1.0]]), np.array([1.0, 0.5, 2.0])
    if form == "loops":
        found = np.empty((1, 2))
        printed.gradient(W, x, weights, found)
    else:
        found = printed.gradient(W, x, weights)
    assert found.tolist() == (W @ (x.T * weights) @ x).tolist()
    assert printed.twice(W, x, weights) == 3.5
    assert printed.__doc__.startswith("Lines of \\ a derivation; More.\n")
    assert printed.gradient.__doc__.startswith("gradient: what '''it\" is.\n\n    ")
    assert main(["code", str(file), "--as", form]) == 0
    assert capsys.readouterr().out == output.read_text(encoding="utf-8")


def test_labels_and_options_stand_in_the_text(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", str(file), "twice", "--no-weights", "--selected"]) == 0
    text = capsys.readouterr().out
    assert f"\n    symflow code {file} twice --no-weights --selected\n" in text
    assert text.count("\ndef ") == 1 and "weights" not in text.partition("def ")[2]
    assert "for place1 in range(places.size)" in text


def test_what_is_not_proved_is_not_written(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(WRONG)
    output = tmp_path / "printed.py"
    assert main(["code", str(file), "gradient", "wrong", "-o", str(output)]) == 1
    said = capsys.readouterr()
    assert "refuted    wrong" in said.err and "nothing is written" in said.err and not output.exists()
    assert main(["code", str(file), "-o", str(output)]) == 1
    assert "def wrong" not in output.read_text() and "def gradient" in output.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent"], "no statement is labelled absent; there are: gradient, twice, open, positive"),
        (["open"], "open: grad has no NumPy code: carry the differentiation out first"),
        (["positive"], "positive is an inequality"),
        (["twice", "--as", "numpy", "--selected"], "sums over selected data are for loops"),
        (["twice", "-o", "absent/folder/x.py"], "cannot be written"),
    ],
)
def test_what_cannot_be_written(
    file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["code", str(file), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_one_derivation_file_at_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    claims = tmp_path / "claims.toml"
    claims.write_text("format = 1\n")
    assert main(["code", str(claims)]) == 2
    assert "not a derivation file" in capsys.readouterr().err


def test_reports_give_the_text(file: Path) -> None:
    report = load(file)[0].check()
    assert report.to_python("gradient") == load(file)[0].check().to_python("gradient")
    assert report.to_python().count("\ndef ") == 2
    with pytest.raises(UnsupportedError, match="'fortran'; there are: loops, numpy"):
        report.to_python(form="fortran")  # type: ignore[arg-type]
    with pytest.raises(SymflowError, match="no step is labelled 'absent'"):
        report.to_python("absent")
    d = Derivation("Names")
    v = d.vector("v", "n")
    d.claim("a.b", v == v)
    d.claim("a-b", v == v)
    with pytest.raises(KindError, match=r"a\.b and a-b would both be called a_b"):
        d.check().to_python()
    d.claim("false", v == 2 * v)
    with pytest.raises(SymflowError, match="false is refuted; only what is proved is written"):
        d.check().to_python("false")


def test_inverses_are_arguments() -> None:
    d = Derivation("Inverses")
    W, x = d.invertible("W", "n"), d.vector("x", "n", over="i")
    C = d.define("C", datasum(sqnorm(inv(W) @ x), "i") / 2)
    d.claim("g", grad(C, W) == -datasum(inv(W).T @ outer(inv(W) @ x), "i"), title="")
    for form in ("loops", "numpy"):
        assert "inverse_of_W (n, n)" in d.check().to_python("g", form=form)  # type: ignore[arg-type]
