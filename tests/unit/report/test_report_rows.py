"""Reports: what each shows of a claim, and that text from strangers cannot act on a terminal."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from symflow.report import Row, plain_lines, summary, to_json
from symflow.report.cleaning import one_line, visible
from symflow.report.plain import summary_line
from symflow.report.terminal import ProgressLine, print_rows

PROVED = Row(file="f.toml", id="a", verdict="proved", seconds=0.01234567, statement="A == A", title="t", source="B3")
REFUTED = Row(
    file="f.toml", id="b", verdict="refuted", statement="A == B", detail="at n = 1", residual="A - B",
    counterexample={"n": 1}, pasteable="A = [[1]]\nB = [[2]]\n",
)  # fmt: skip
EVIL = "x\x1b]0;owned\x07\x1b[31m [bold]y[/bold] \u202e\u200b\ud800\u2028\x9b"
HOSTILE = Row(
    file=EVIL, id=EVIL, verdict="undecided", statement=EVIL, title=EVIL, source=EVIL, detail=EVIL, residual=EVIL,
    pasteable=EVIL, confirmation=EVIL, label=EVIL, scope=EVIL, lemmas=(EVIL,), hypotheses=(EVIL,),
)  # fmt: skip


def terminal_text(*rows: Row, colour: bool = False, width: int = 100) -> str:
    out = io.StringIO()
    system: Literal["truecolor"] | None = "truecolor" if colour else None
    console = Console(file=out, force_terminal=colour, width=width, highlight=False, color_system=system)
    print_rows(console, rows)
    return out.getvalue()


def test_json_is_as_the_format_says() -> None:
    report = json.loads(to_json([PROVED, REFUTED]))
    assert report == {
        "format": 1,
        "claims": [
            {"id": "a", "verdict": "proved", "seconds": 0.012346, "statement": "A == A", "counterexample": None,
             "detail": ""},
            {"id": "b", "verdict": "refuted", "seconds": 0.0, "statement": "A == B", "counterexample": {"n": 1},
             "detail": "at n = 1"},
        ],
        "summary": {"proved": 1, "refuted": 1, "undecided": 0, "error": 0},
    }  # fmt: skip


def test_plain_lines() -> None:
    assert list(plain_lines(PROVED)) == ["proved     f.toml  a  0.0123 s  t, B3"]
    assert list(plain_lines(REFUTED)) == [
        "refuted    f.toml  b  0.0000 s",
        "    statement: A == B",
        "    at n = 1",
        "    residual: A - B",
        "# a counterexample to b",
        "A = [[1]]",
        "B = [[2]]",
    ]
    assert list(plain_lines(Row.unreadable("f.toml", "f.toml: empty"))) == ["error      f.toml: empty"]


def terminal_lines(*rows: Row, width: int) -> list[str]:
    return [line.rstrip() for line in terminal_text(*rows, width=width).splitlines()]


def test_terminal() -> None:
    assert terminal_lines(PROVED, REFUTED, Row.unreadable("g.toml", "g.toml, line 1: empty"), width=100) == [
        "f.toml",
        "proved   a  t, B3   0.012 s",
        "refuted  b  A == B  0.000 s",
        "    at n = 1",
        "    residual: A - B",
        "# a counterexample to b",
        "A = [[1]]",
        "B = [[2]]",
        "",
        "error  g.toml, line 1: empty",
        "",
        "1 proved, 1 refuted, 1 error",
    ]
    assert "\x1b[31mrefuted" in terminal_text(REFUTED, colour=True)


def test_terminal_says_once_what_the_claims_of_a_file_share() -> None:
    rows = [
        Row(file="b3.py", id=name, verdict="proved", title="bias", source="theory", statement=f"{name} == {name}")
        for name in ("A", "B")
    ]
    assert terminal_lines(*rows, width=80)[:3] == [
        "b3.py  bias, theory",
        "proved  A  A == A  0.000 s",
        "proved  B  B == B  0.000 s",
    ]
    other = Row(file="b3.py", id="C", verdict="proved", title="weight", source="book")
    assert [line[:24].rstrip() for line in terminal_lines(*rows, other, width=80)[:4]] == [
        "b3.py",
        "proved  A  bias, theory",
        "proved  B  bias, theory",
        "proved  C  weight, book",
    ]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_terminal_keeps_within_its_width(width: int) -> None:
    long = Row(
        file="b.py", id="a-long-name-of-a-claim", verdict="undecided", title="what it says, in many words " * 9,
        statement="datasum(R.T@H[i]@R@x[i], i) == " * 9 + "y", detail="tried this and that " * 20,
        residual="+ R.T@H@R@x\n- y", confirmation="SymPy at size 2; oracle: 5 exact, 5 in floats (worst 3e-15)",
    )  # fmt: skip
    lines = terminal_lines(long, PROVED, width=width)
    assert max(map(len, lines)) <= width
    assert sum(line.startswith(" ") for line in lines) <= 4000 // width
    at = lines.index("    residual:")
    assert lines[at + 1 : at + 3] == ["      + R.T@H@R@x", "      - y"]


def test_terminal_never_breaks_a_formula_inside_a_word() -> None:
    word = "@".join("ABCDEFGHIJ" * 9)
    row = Row(file="f.toml", id="a", verdict="refuted", statement=f"{word} == s", residual=word, pasteable=f"# {word}")
    text = terminal_text(row, width=60)
    assert text.count(word) == 3
    assert "…  0.000 s" in text


def test_terminal_shows_hypotheses_and_confirmation_below() -> None:
    detail = "under A@B == B@A: certificate of 2 steps accepted"
    row = Row(file="b.py", id="a", verdict="proved", title="t", detail=detail, confirmation="SymPy at size 2")
    lines = terminal_lines(row, width=80)
    assert [line.strip() for line in lines[2:4]] == ["SymPy at size 2", detail]
    assert "\x1b[2mSymPy at size 2" in terminal_text(row, colour=True)


def progress_text(total: int | None) -> str:
    import threading

    before = threading.active_count()
    out = io.StringIO()
    with ProgressLine(Console(file=out, force_terminal=True, width=100), total) as progress:
        assert threading.active_count() == before
        progress.advance(PROVED)
        progress.advance(HOSTILE)
    return out.getvalue()


def test_progress_draws_without_a_thread() -> None:
    text = progress_text(2)
    assert [text.count(f"{k}/2") for k in range(3)] == [1, 1, 1]
    assert "━" in text
    assert "owned\x07" not in text


def test_progress_has_no_bar_without_a_total() -> None:
    text = progress_text(None)
    assert [text.count(f"{k} checked") for k in range(3)] == [1, 1, 1]
    assert "━" not in text and "?/" not in text and "/?" not in text


def test_hostile_text_is_written_out() -> None:
    for text in ("\n".join(plain_lines(HOSTILE)), terminal_text(HOSTILE), to_json([HOSTILE])):
        assert not set(text) & set("\x1b\x07\x9b\u202e\u200b\u2028\t\ud800")
    assert r"\x1b[31m [bold]y[/bold] \u202e" in one_line(EVIL)
    assert "[bold]y[/bold]" in terminal_text(HOSTILE)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.characters(), max_size=50))
def test_visible_text_prints(text: str) -> None:
    assert visible(text).replace("\n", "").isprintable() or set(visible(text)) & set("\u00a0\u3000\u2003")
    assert "\n" not in one_line(text)
    assert len(one_line(text, 10)) <= 10


def test_summary() -> None:
    assert summary([PROVED, PROVED, HOSTILE]) == {"proved": 2, "refuted": 0, "undecided": 1, "error": 0}
    assert summary_line(summary([])) == "nothing checked"


def test_a_row_has_one_of_four_verdicts() -> None:
    with pytest.raises(ValueError, match="not a verdict"):
        Row(file="f", id="a", verdict="maybe")


def test_rows_of_other_checkers() -> None:
    class Step:
        id, verdict, seconds, statement, detail, title, source = "B3", "proved", 0.1, "A == A", "", "bias", "theory"
        counterexample, pasteable, residual = None, "", None
        label, confirmation = "B3", "agrees to 1e-12"

    row = Row.of("b3.py", Step())
    assert (row.label, row.confirmation, row.file) == ("B3", "agrees to 1e-12", "b3.py")
    assert list(plain_lines(row)) == ["proved     b3.py  B3  0.1000 s  bias, theory", "    agrees to 1e-12"]
    assert "agrees to 1e-12" in terminal_text(row)


def test_json_of_a_derivation_says_what_it_rests_on() -> None:
    row = replace(PROVED, label="a", scope="proved for every Q", lemmas=("A1",), hypotheses=("A@B == B@A",))
    (claim,) = json.loads(to_json([row]))["claims"]
    assert {key: claim[key] for key in ("label", "title", "scope", "lemmas", "hypotheses")} == {
        "label": "a", "title": "t", "scope": "proved for every Q", "lemmas": ["A1"], "hypotheses": ["A@B == B@A"]
    }  # fmt: skip
    assert "scope" not in json.loads(to_json([PROVED]))["claims"][0]


def test_the_scope_stands_below_or_once_for_the_file() -> None:
    rows = [Row(file="f.py", id=name, verdict="proved", title=name, scope="proved for every Q") for name in "AB"]
    assert terminal_lines(*rows, width=80)[:4] == [
        "f.py", "for every Q", "proved  A  A  0.000 s", "proved  B  B  0.000 s"
    ]  # fmt: skip
    rows[1] = replace(rows[1], scope="proved for every Q and every data set", confirmation="SymPy at size 2")
    lines = [line.strip() for line in terminal_lines(*rows, width=80)]
    assert "for every Q" in lines and "for every Q and every data set; SymPy at size 2" in lines
    assert list(plain_lines(rows[0]))[1:] == ["    for every Q"]
    refuted = replace(rows[0], verdict="refuted", scope="refuted")
    assert not any("for every" in line for line in terminal_lines(refuted, refuted, width=80))


def test_rows_take_over_what_is_there() -> None:
    class Step:
        id, verdict, seconds, statement, detail, title, source = "B3", "proved", 0.1, "A == A", "", "bias", "theory"
        counterexample, pasteable, residual = None, "", None
        scope, lemmas, hypotheses = "proved for every Q", ("A1",), ("A == B",)

    row = Row.of("b3.py", Step())
    assert (row.scope, row.lemmas, row.hypotheses) == ("proved for every Q", ("A1",), ("A == B",))
