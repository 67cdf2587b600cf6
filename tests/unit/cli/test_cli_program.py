"""The command line as a program: exit statuses, what goes to which stream, and what strangers' files can do."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = [sys.executable, str(Path(__file__).with_name("misbehaving_prover.py"))]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "PYTHONWARNINGS": "error"}
ENVIRONMENT.pop("NO_COLOR", None)


def symflow(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, timeout=60, env={**ENVIRONMENT, **environment}
    )


def claims_file(folder: Path, *statements: str, name: str = "claims.toml") -> str:
    path = folder / name
    path.write_text("format = 1\n[symbols]\ns = 'scalar'\n" + "".join(
        f"[[claim]]\nid = 'c{k}'\ntitle = 'title {k}'\nstatement = '{text}'\n" for k, text in enumerate(statements)
    ))  # fmt: skip
    return str(path)


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        (["s == s", "s == 0"], 0),
        (["s == s", "s == 1", "s == 2"], 1),
        (["s == 2", "s == s"], 3),
        (["s == 1", "s == z", "s == 2"], 2),
    ],
)
def test_exit_status(tmp_path: Path, statements: list[str], status: int) -> None:
    path = claims_file(tmp_path, *statements)
    for extra in ([], ["--json"], ["--jobs", "2"]):
        done = symflow("check", path, *extra)
        assert (done.returncode, done.stderr) == (status, "")


def test_piped_output_is_plain(tmp_path: Path) -> None:
    path = claims_file(tmp_path, "s == 0", "s == 1", "s == 2", "s == s@z")
    lines = symflow("check", path).stdout.splitlines()
    assert lines[0].startswith(f"proved     {path}  c0  0.0") and lines[0].endswith(" s  title 0")
    at = lines.index("# a counterexample to c1")
    assert lines[at + 1 : at + 3] == ["from fractions import Fraction", "s = Fraction(1, 2)"]
    assert "    column 8: unknown name 'z'; declare it among the symbols" in lines
    assert lines[-1] == "1 proved, 1 refuted, 1 undecided, 1 error"
    assert not any("\x1b" in line or "\t" in line for line in lines)


def test_json_has_the_keys_of_the_format(tmp_path: Path) -> None:
    path = claims_file(tmp_path, "s == 0", "s == 1", "s == 4", "s == z")
    done = symflow("check", path, str(tmp_path / "absent.toml"), "--json", "--timeout", "8")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, list(report)) == (2, "", ["format", "claims", "summary"])
    assert all(
        list(row) == ["id", "verdict", "seconds", "statement", "counterexample", "detail"] for row in report["claims"]
    )
    assert [row["verdict"] for row in report["claims"]] == ["proved", "refuted", "undecided", "error", "error"]
    assert report["claims"][1]["counterexample"] == {"dimensions": {"n": 1}, "values": {"s": "1/2"}}
    assert "memory limit" in report["claims"][2]["detail"]
    assert "No such file" in report["claims"][4]["detail"]
    assert report["summary"] == {"proved": 1, "refuted": 1, "undecided": 1, "error": 2}


def test_a_claim_past_its_time_does_not_stop_the_others(tmp_path: Path) -> None:
    path = claims_file(tmp_path, "s == 3", "s == 0", "s == 3")
    start = time.perf_counter()
    done = symflow("check", path, "--timeout", "0.3", "--json")
    assert time.perf_counter() - start < 10
    assert done.returncode == 3
    assert [row["verdict"] for row in json.loads(done.stdout)["claims"]] == ["undecided", "proved", "undecided"]


def on_a_terminal(*arguments: str, **environment: str) -> tuple[str, int]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=theirs, env={**ENVIRONMENT, "TERM": "xterm", **environment}
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how Linux reports that the other side is closed
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    return seen.decode(), process.wait(30)


def test_terminal_shows_a_coloured_table_unless_asked_not_to(tmp_path: Path) -> None:
    path = claims_file(tmp_path, "s == 0", "s == 1")
    coloured, status = on_a_terminal("check", path)
    assert status == 1 and "\x1b[31mrefuted" in coloured and "━" in coloured and "2/2" in coloured
    assert "\r\nfrom fractions import Fraction\r\ns = Fraction(1, 2)\r\n" in coloured
    plain, status = on_a_terminal("check", path, NO_COLOR="1")
    assert status == 1 and "\x1b[31m" not in plain and "refuted" in plain


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "required"),
        (("frobnicate",), "invalid choice"),
        (("check",), "required"),
        (("check", "x.toml", "--timeout", "0"), "not a positive number"),
        (("check", "x.toml", "--timeout", "nan"), "not a positive number"),
        (("check", "x.toml", "--timeout", "inf"), "not a positive number"),
        (("check", "x.toml", "--jobs", "0"), "between 1 and 64"),
        (("check", "x.toml", "--jobs", "9999999999999"), "between 1 and 64"),
        (("check", "x.toml", "-k", "a and"), "a word is missing"),
        (("prove",), "required"),
        (("prove", "s == z", "--let", "s: scalar"), "unknown name 'z'"),
        (("prove", "s == s", "--let", "s"), "NAME: KIND"),
        (("prove", "s == s", "--let", "s: scalar", "--let", "s: scalar"), "declared twice"),
        (("grad", "s", "--let", "s: scalar"), "--wrt"),
        (("grad", "s", "--wrt", "t", "--let", "s: scalar"), "no such symbol"),
        (("grad", "v", "--wrt", "v", "--let", "v: vector(n)"), "scalar"),
        (("grad", "s", "--wrt", "x", "--let", "s: scalar; x: vector(n)[i]"), "x[i]"),
        (("grad", "s +", "--wrt", "s", "--let", "s: scalar"), "does not read as an expression"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], message: str) -> None:
    done = symflow(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr and "Traceback" not in done.stderr


def test_strange_files(tmp_path: Path) -> None:
    (tmp_path / "big.toml").write_bytes(b"#" * 10_000_000)
    (tmp_path / "deep.toml").write_text("x = " + "[" * 10_000)
    (tmp_path / "latin.toml").write_bytes(b"format = 1 # \xe9")
    (tmp_path / "empty.toml").write_bytes(b"")
    (tmp_path / "evil.toml").write_text(
        'format = 1\n[[claim]]\nid = "a"\ntitle = "\\u001b]0;owned\\u0007[bold]"\nstatement = "(' + "(" * 9_000 + '"\n'
        "[[claim]]\nid = \"b\"\nstatement = \"__import__('os').system('x') == 1\"\n"
        '[[claim]]\nid = "b"\nsymbols = { X = "matrix(n)" }\nstatement = "X**1000000 == X"\n'
        '[[claim]]\nid = "d"\nsymbols = { X = "matrix(n)" }\nstatement = "X**1000000 == X"\n'
    )
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    (tmp_path / "notes.md").write_text("")
    start = time.perf_counter()
    done = symflow("check", str(tmp_path), str(tmp_path / "notes.md"))
    assert time.perf_counter() - start < 10
    assert (done.returncode, done.stderr) == (2, "")
    for piece in ("big.toml: 10000000 bytes", "deep.toml: not a claims file", "latin.toml: not UTF-8", "no format",
                  "more than 100 brackets", "is not part of the language", "taken by claim 2",
                  "bound of 64", "pipe.toml: not a regular file", "loop.toml: cannot be read",
                  "notes.md: neither"):  # fmt: skip
        assert piece in done.stdout
    assert "\x1b" not in done.stdout and "Traceback" not in done.stdout
    assert done.stdout.splitlines()[-1] == "11 error"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (1\n", ", line 1: '(' was never closed"),
        ("a = 1\n1/0\n", ", line 2: ZeroDivisionError: division by zero"),
        ("open('/no/where')\n", ", line 1: [Errno 2] No such file or directory: '/no/where'"),
        ("x = 1\n", ": no derivation in it; write d = Derivation(…) at the top level of the file"),
        ("from symflow import I\n\nI('n') + I('m')\n", ", line 3: "),
    ],
)
def test_a_derivation_file_that_fails_is_named_once(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(text)
    done = symflow("check", str(path))
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith(f"error      {path}{message}")
    assert done.stdout.count("a.py") == 1


def test_folders_and_selection(tmp_path: Path) -> None:
    (tmp_path / "sub" / ".hidden").mkdir(parents=True)
    claims_file(tmp_path, "s == 0", "s == 0", name="a.toml")
    claims_file(tmp_path / "sub", "s == 0", name="b.toml")
    claims_file(tmp_path / "sub" / ".hidden", "s == 1", name="c.toml")
    claims_file(tmp_path, "s == 1", name="_d.toml")
    everything = symflow("check", str(tmp_path), str(tmp_path / "a.toml"))
    assert (everything.returncode, everything.stdout.splitlines()[-1]) == (0, "3 proved")
    some = symflow("check", str(tmp_path), "-k", "TITLE and not c1")
    assert (some.returncode, some.stdout.splitlines()[-1]) == (0, "2 proved")
    none = symflow("check", str(tmp_path), "-k", "nowhere", "--json")
    assert none.returncode == 2 and "matches -k" in none.stderr and json.loads(none.stdout)["claims"] == []
    empty = tmp_path / "empty"
    empty.mkdir()
    assert symflow("check", str(empty)).returncode == 2


def test_prove() -> None:
    let = ("--let", "s: scalar; A, B: matrix(n)")
    assert symflow("prove", "A@B == A@B", *let).returncode == 0
    refuted = symflow("prove", "s == 1", *let)
    assert refuted.returncode == 1
    assert refuted.stdout.endswith("# a counterexample\nfrom fractions import Fraction\ns = Fraction(1, 2)\n")
    assert symflow("prove", "s == 2", *let).returncode == 3
    assert symflow("prove", "s == 3", *let, "--timeout", "0.2").returncode == 3
    report = json.loads(symflow("prove", "s == 1", *let, "--json").stdout)
    assert report["summary"]["refuted"] == 1 and report["claims"][0]["statement"] == "s == 1"
    malformed = symflow("prove", "s == z", *let, "--json")
    assert malformed.returncode == 2 and json.loads(malformed.stdout)["claims"][0]["verdict"] == "error"


def test_a_gradient_in_numpy_runs_as_it_stands() -> None:
    done = symflow("grad", "s*sqnorm(x)", "--wrt", "x", "--let", "s: scalar; x: vector(n)", "--as", "numpy")
    check = "\nassert f(s=3, x=[1, 2]).tolist() == [6, 12]\n"
    assert done.stdout.startswith("import numpy as np\n\n\ndef f(")
    subprocess.run([sys.executable, "-c", done.stdout + check], check=True, timeout=60)


def test_prove_marks_the_column() -> None:
    done = symflow("prove", "A ==\n  A@C", "--let", "A: matrix(n)")
    assert done.stderr.splitlines()[1:] == ["  A ==   A@C", "           ^"]


def test_interruption_leaves_nothing_behind(tmp_path: Path) -> None:
    path = claims_file(tmp_path, "s == 0", "s == 3")
    process = subprocess.Popen(
        [*PROGRAM, "check", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline().startswith("proved")
    os.killpg(process.pid, signal.SIGINT)
    _, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (130, "symflow: interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    path = claims_file(tmp_path, *["s == 0"] * 300)
    process = subprocess.Popen(
        [*PROGRAM, "check", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 141


def test_an_encoding_without_the_letters_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        'format = 1\n[[claim]]\nid = "a"\ntitle = "Gr\u00f6\u00dfe"\nstatement = "1 == 0"\n', encoding="utf-8"
    )
    done = symflow("check", str(path), PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and r"Gr\xf6\xdfe" in done.stdout


def test_version_and_help_import_nothing_heavy() -> None:
    heavy = ("sympy", "numpy", "rich", "flint", "mpmath")
    for option in ("--version", "--help"):
        code = (
            "import sys\nfrom symflow.cli import main\n"
            f"try:\n    main(['{option}'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
            f"assert not set(sys.modules) & set({heavy!r}), set(sys.modules) & set({heavy!r})"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
    assert "exit status" in done.stdout


def test_module_and_version_agree() -> None:
    from symflow import __version__

    done = subprocess.run(
        [sys.executable, "-m", "symflow", "--version"], capture_output=True, text=True, env=ENVIRONMENT, timeout=60
    )
    assert done.stdout == f"symflow {__version__}\n"


@pytest.mark.parametrize("place", ["symflow.cli", "argparse", "symflow.cli.commands"])
def test_an_interrupt_during_the_first_imports_is_told_in_one_line(place: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {place!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "symflow", "--version"], capture_output=True, text=True, timeout=60,
        env={**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "symflow: interrupted\n")


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ("exec('os.kill(os.getpid(), signal.SIGINT)')", 130, "symflow: interrupted\n"),
        ("atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT)); return 0", 0, ""),
    ],
)
def test_interrupts_inside_an_executed_text_and_in_the_last_moments(
    body: str, status: int, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "run.py").write_text(
        "import atexit, os, signal, sys\n"
        "from symflow import __main__, cli\n"
        f"def main():\n    {body}\n"
        "cli.main = main\n"
        "sys.exit(__main__.run())\n"
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "run.py")], capture_output=True, text=True, timeout=60, env=ENVIRONMENT
    )
    assert (done.returncode, done.stderr) == (status, complaint)
