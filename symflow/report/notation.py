r"""The notation of a document as TeX macros: every symbol and every operation is written in one place.

``\letterR`` is the symbol R, ``\familytau{i}`` the member i of a family, ``\opgrad{f}{X}`` an operation. A document
uses these only, so that who redefines ``\letterD`` as ``W_*`` has renamed it everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from symflow.expr.display import Notation
from symflow.expr.latex import LATEX
from symflow.expr.names import GREEK
from symflow.expr.tree import Symbol
from symflow.report.escaping import escape

_WRITTEN_OUT = frozenset(("parentheses", "plus", "minus", "div", "velocity"))
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*|[0-9]+")
_ACCENTED = re.compile(rf"\\mathit\{{([A-Za-z]|{'|'.join(GREEK)})(tilde|hat|bar|dot)\}}")
_DEFINED = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|DeclareMathOperator|NewDocumentCommand)\*?\s*\{?\s*\\([A-Za-z]+)"
    r"|\\def\s*\\([A-Za-z]+)"
)

_HEADING = """\
% Notation. Change the right sides to rename a symbol or an operation everywhere.
% What carries a superscript of its own goes into braces: {{W^{(1)}}}.
"""


class Macros:
    r"""A notation that writes macros, and the definitions of those that were used.

    With ``named=False`` what the macros stand for is written itself.

    >>> from symflow.expr.display import show
    >>> from symflow.expr.language import variable
    >>> macros = Macros()
    >>> R, x = variable(Symbol("R", "orthogonal", ("Q",))), variable(Symbol("x1", "vector", ("Q",), True), "i")
    >>> print(show(R.T @ x, macros.notation))
    \optranspose{\letterR} \familyxone{i}
    >>> print(*macros.lines(), sep="\n")
    \newcommand{\letterR}{R}
    \newcommand{\optranspose}[1]{#1^{\top}}
    \newcommand{\familyxone}[1]{x_{1,#1}}
    """

    def __init__(self, *, named: bool = True) -> None:
        self._named = named
        self._bodies: dict[str, str] = {}
        self.notation: Notation = replace(
            LATEX, name=self._name, function=self._function, dimension=self._dimension, index=self._index,
            templates=_Templates(self._operation),
        )  # fmt: skip

    def symbol(self, symbol: Symbol, index: str | None = None) -> str:
        """A symbol, or the member of a family."""
        return self._name(symbol, index)

    def dimension(self, dim: str | int) -> str:
        """A dimension: a number, or a name with a macro."""
        return self._dimension(str(dim))

    def lines(self) -> Iterator[str]:
        r"""The ``\newcommand`` lines of the macros used so far."""
        for name, body in self._bodies.items():
            yield _definition(name, body)

    def preamble(self) -> str:
        """The macro block of a document."""
        return _HEADING + "".join(line + "\n" for line in sorted(self.lines()))

    def added_to(self, existing: str) -> str:
        """A macro file with what it lacks appended; what it has stays as its owner wrote it."""
        there = {name for found in _DEFINED.findall(_uncommented(existing)) for name in found}
        missing = sorted(_definition(n, body) for n, body in self._bodies.items() if n not in there)
        start = existing if not existing or existing.endswith("\n") else existing + "\n"
        return (start or _HEADING) + "".join(line + "\n" for line in missing)

    def _macro(self, prefix: str, name: str, body: str) -> str:
        kept = re.sub(r"[^A-Za-z0-9]", "", name)
        macro = prefix + re.sub(r"[0-9]", lambda digit: _DIGITS[int(digit[0])], kept)
        while self._bodies.setdefault(macro, body) != body:  # another symbol is spelled alike
            macro += "x"
        return f"\\{macro}"

    def _name(self, symbol: Symbol, index: str | None) -> str:
        if not symbol.name:
            return LATEX.name(symbol, None)
        if index is None:
            body = _accented(LATEX.name(symbol, None)) if _PLAIN.fullmatch(symbol.name) else _quoted(symbol.name)
            return self._macro("letter", symbol.name, body) if self._named else body
        member = self._index(index)
        body = _accented(LATEX.name(symbol, "?")).replace("?", "#1") if _PLAIN.fullmatch(symbol.name) else (
            f"{_quoted(symbol.name)}_{{#1}}"
        )  # fmt: skip
        if self._named:
            return f"{self._macro('family', symbol.name, body)}{{{member}}}"
        return body.replace("#1", member)

    def _function(self, symbol: Symbol, order: int) -> str:
        whole = LATEX.function(symbol, order)
        if not _PLAIN.fullmatch(symbol.name):
            return _quoted(symbol.name) + "'" * order
        body = LATEX.function(symbol, 0)
        return self._macro("letter", symbol.name, body) + whole.removeprefix(body) if self._named else whole

    def _dimension(self, text: str) -> str:
        if text.isdigit():
            return text
        body = LATEX.dimension(text) if _PLAIN.fullmatch(text) else _quoted(text)
        return self._macro("letter", text, body) if self._named else body

    def _index(self, text: str) -> str:
        return ",".join(LATEX.index(part) if _PLAIN.fullmatch(part) else _quoted(part) for part in text.split(","))

    def _operation(self, operation: str) -> str:
        body = LATEX.templates[operation]
        if not body.startswith(r"\left"):  # no space between a name and its argument
            body = re.sub(r"\\left(?!\.)", r"\\mathopen{}\\left", body)
        if operation in _WRITTEN_OUT or not self._named:
            return body
        arguments = "".join(f"{{#{k}}}" for k in range(1, _arity(body) + 1))
        return self._macro("op", operation, body) + (arguments or "{}")


class _Templates(Mapping[str, str]):
    """Templates made when they are asked for, so that it is known which are used."""

    def __init__(self, make: Callable[[str], str]) -> None:
        self._make = make

    def __getitem__(self, operation: str) -> str:
        return self._make(operation)

    def __iter__(self) -> Iterator[str]:
        return iter(LATEX.templates)

    def __len__(self) -> int:
        return len(LATEX.templates)


def _arity(body: str) -> int:
    return max(map(int, re.findall(r"#(\d)", body)), default=0)


def _definition(name: str, body: str) -> str:
    count = _arity(body)
    return rf"\newcommand{{\{name}}}{f'[{count}]' if count else ''}{{{body}}}"


def _accented(body: str) -> str:
    """The symbol with its accent, where its name spells one: ytilde, Adot."""
    found = _ACCENTED.match(body)
    if found is None:
        return body
    letter = found[1] if len(found[1]) == 1 else f"\\{found[1]}"
    return f"\\{found[2]}{{{letter}}}{body[found.end() :]}"


def _quoted(name: str) -> str:
    return rf"\text{{{escape(name)}}}"


def _uncommented(text: str) -> str:
    return re.sub(r"(?<!\\)%.*", "", text)
