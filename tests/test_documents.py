"""README.md and the pages of docs/ hold: what they show is run, and compared with what they say comes out.

Sybil finds the examples; one test runs one page from top to bottom, in a temporary folder:

- a Python block, as a doctest where it starts with ``>>>``;
- ``<!-- file: NAME -->`` writes the block that follows to a file, for the commands after it;
- a console block runs its lines ``$ symflow …``, each in a process of its own;
- ``<!-- from: PATH -->`` says that the block that follows stands in a file of this repository, word for word;
- a row of a table whose last column is headed ``proved`` states something that must be proved, one headed ``refuted``
  something that must be refuted, with the symbols that the page declares after ``<!-- symbols -->``.
"""

from __future__ import annotations

import ast
import doctest
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from symflow.claims import parse_statement, scope
from symflow.expr.kinds import KINDS
from symflow.expr.tree import DERIVATIVES, FUNCTIONS
from symflow.proof import decide

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

_FILE = re.compile(r"^<!-- file: (\S+) -->$\n+```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SYMBOLS = re.compile(r"^<!-- symbols -->$\n+```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXCERPT = re.compile(r"^<!-- from: (\S+) -->$\n+```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"^\|.*\| (proved|refuted) \|$\n^\|[-| :]+\|$\n((?:^\|.*\|$\n)+)", re.MULTILINE)
_LAST_CELL = re.compile(r"^\|.*\| `([^`]+)` \|$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def files(document: Document) -> Iterator[Region]:
    for found in _FILE.finditer(document.text):
        # The region is the comment alone: the block itself may be an example too.
        yield Region(found.start(), found.start() + 1, (found[1], found[2]), write_file)


def write_file(example: Example) -> None:
    name, content = example.parsed
    Path(name).write_text(content, encoding="utf-8")


def declarations(document: Document) -> Iterator[Region]:
    for found in _SYMBOLS.finditer(document.text):
        yield Region(found.start(), found.start() + 1, found[1], declare)


def declare(example: Example) -> None:
    example.namespace["scope"] = scope(tomllib.loads(example.parsed))


def excerpts(document: Document) -> Iterator[Region]:
    for found in _EXCERPT.finditer(document.text):
        yield Region(found.start(), found.end(), (found[1], found[2]), compare_excerpt)


def compare_excerpt(example: Example) -> str | None:
    path, text = example.parsed
    return None if text in (ROOT / path).read_text(encoding="utf-8") else f"this does not stand in {path}:\n{text}"


def statements(document: Document) -> Iterator[Region]:
    for table in _TABLE.finditer(document.text):
        for row in _LAST_CELL.finditer(document.text, table.start(2), table.end(2)):
            yield Region(row.start(), row.end(), (row[1], table[1]), settle)


def settle(example: Example) -> str | None:
    statement, wanted = example.parsed
    verdict = decide(parse_statement(statement, example.namespace["scope"]))
    return None if verdict.status == wanted else f"{statement} should be {wanted}; it is {verdict}"


def run_console(example: Example) -> str | None:
    status = 0
    for piece in re.split(r"^(?=\$ )", example.parsed, flags=re.MULTILINE):
        if not piece.strip():
            continue
        lines = piece.splitlines(keepends=True)
        command = lines.pop(0).removeprefix("$ ")
        while command.endswith("\\\n"):
            command = command.removesuffix("\\\n") + lines.pop(0)
        if command == "echo $?\n":
            got = f"{status}\n"
        else:
            status, got = run_symflow(command)
        wanted = "".join(lines)
        checker = doctest.OutputChecker()
        if not checker.check_output(wanted, got, FLAGS):
            expected = SimpleNamespace(want=wanted)
            return f"$ {command}{checker.output_difference(expected, got, FLAGS)}"  # type: ignore[arg-type]
    return None


def run_symflow(command: str) -> tuple[int, str]:
    program, *arguments = shlex.split(command)
    assert program == "symflow", f"only symflow is run from a page: {command}"
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "symflow", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300, env=environment,  # the first chamber flow compiles its inner loop
    )  # fmt: skip
    return done.returncode, done.stdout


SYBIL = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=FLAGS), CodeBlockParser("console", run_console), files, declarations,
        excerpts, statements,
    ]
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_happens(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "derivations").symlink_to(ROOT / "derivations")
    for example in SYBIL.parse(page):
        example.evaluate()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_at_exists(page):
    text = page.read_text(encoding="utf-8")
    prose = _CODE.sub("", text)
    links = re.findall(r"\]\(([\w./-]*\.\w+|LICENSE)\)", prose)
    missing = [link for link in links if not (page.parent / link).exists()]
    named = re.findall(r"`((?:symflow|derivations|tests|docs|benchmarks)/[\w./-]*)`", prose)
    missing += [name for name in named if not (ROOT / name).exists()]
    assert not missing


def test_the_language_reference_is_complete():
    text = (ROOT / "docs/language.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    shown = {name for row in rows for name in re.findall(r"`(\w+)", row)}
    assert {*FUNCTIONS, *DERIVATIVES, "eye", "zeros", "ones", "datasum"} <= shown
    assert {*KINDS} - {"positive_scalar"} <= shown


def test_the_certificates_page_lists_the_relations():
    from symflow.checker.relations import RELATIONS

    text = (ROOT / "docs/certificates.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    listed = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}
    assert {*RELATIONS, "lemma", "hypothesis"} <= listed


def test_python_blocks_are_python():
    """A block that Sybil does not take for an example is not run: none may slip through by a typing slip."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            assert language in ("python", "console", "toml", "text", "bash", "bibtex", "py"), (page.name, language)
            if language == "python" and not body.startswith(">>>"):
                ast.parse(body)


def test_the_language_reference_names_every_limit():
    from symflow.claims import limits
    from symflow.expr.tree import MAX_EXPONENT

    text = (ROOT / "docs/language.md").read_text(encoding="utf-8").split("## Limits")[1].split("\n## ")[0]
    bounds = {name: value for name, value in vars(limits).items() if name.startswith("MAX_")}
    missing = {name: value for name, value in bounds.items() if not re.search(rf"\b{value:,}\b(?!,)", text)}
    assert not missing
    assert f"| {MAX_EXPONENT} |" in text
