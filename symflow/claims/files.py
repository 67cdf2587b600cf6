"""Claims files, format 1: plain data in, claims out, and a message for each one that is malformed.

A problem of one claim stays with that claim (``Claim.error``); a problem of the file raises.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symflow.claims.declarations import Declaration, Scope, parse_kind, scope
from symflow.claims.limits import MAX_CLAIMS, MAX_ID, MAX_NAME, MAX_SYMBOLS, MAX_TITLE
from symflow.claims.reading import parse_table, read_table
from symflow.claims.statements import parse_statement
from symflow.errors import ClaimError
from symflow.expr.tree import Equation

FORMAT = 1
_FILE_KEYS = ("format", "title", "symbols", "claim")
_CLAIM_KEYS = ("id", "title", "source", "symbols", "statement")
_ID = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: either an equation, or the reason why there is none.

    A claim without a usable id is called ``#3`` after its place in the file, which no id can be.
    """

    id: str
    title: str
    source: str
    statement: str
    equation: Equation | None = field(compare=False)
    error: ClaimError | None = field(compare=False)
    symbols: Scope = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # Trees hash by this process's string hashes, so a claim travels to another process as text.
        return _rebuild, (self.id, self.title, self.source, self.statement, self.symbols, self.error)


@dataclass(frozen=True, slots=True)
class ClaimsFile:
    """A claims file that has been read."""

    path: str
    title: str
    claims: tuple[Claim, ...]


def load(path: str | os.PathLike[str]) -> ClaimsFile:
    """Read a claims file.

    Raises:
        ClaimError: the file is unreadable, too big, not TOML or not format 1. One malformed claim does not raise.
    """
    where = Path(path)
    table = read_table(where)
    try:
        return _claims_file(table, str(where))
    except ClaimError as error:
        raise ClaimError(f"{where}: {error}") from None


def loads(text: str, path: str = "<text>") -> ClaimsFile:
    """Read a claims file from its text; as :func:`load`.

    >>> text = '''format = 1
    ... [[claim]]
    ... id = "square"
    ... symbols = { s = "scalar" }
    ... statement = "s*s == s**2"'''
    >>> [claim.id for claim in loads(text).claims]
    ['square']
    """
    return _claims_file(parse_table(text), path)


def _claims_file(table: dict[str, Any], path: str) -> ClaimsFile:
    if "format" not in table:
        raise ClaimError(f"no format; a claims file starts with format = {FORMAT}")
    _refuse_unknown(table, _FILE_KEYS, "the file")
    version = table["format"]
    if type(version) is not int or version != FORMAT:
        raise ClaimError(f"format = {str(version)[:MAX_NAME]!r} is not known here; this is format {FORMAT}")
    shared = scope(_declarations(table.get("symbols", {}), "[symbols]"))
    entries = table.get("claim", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ClaimError("claim is not a list of tables; start each claim with [[claim]]")
    if not entries:
        raise ClaimError("the file makes no claim; start each claim with [[claim]]")
    if len(entries) > MAX_CLAIMS:
        raise ClaimError(f"{len(entries)} claims; the bound is {MAX_CLAIMS}, split the file")
    return ClaimsFile(path, _text(table, "title"), tuple(_claims(entries, shared)))


def _claims(entries: list[dict[str, Any]], shared: Scope) -> Iterator[Claim]:
    places: dict[str, int] = {}
    for place, entry in enumerate(entries, start=1):
        name = f"#{place}"
        try:
            name = _identifier(entry, name)
            first = places.setdefault(name, place)
            if first != place:
                raise ClaimError(f"the id {name} is taken by claim {first} of the file; ids are unique")
            yield _claim(entry, name, shared)
        except ClaimError as error:
            yield Claim(name, _or_blank(entry, "title"), _or_blank(entry, "source"), _or_blank(entry, "statement"),
                        None, error, shared)  # fmt: skip


def _identifier(entry: dict[str, Any], unnamed: str) -> str:
    name = entry.get("id")
    if name is None:
        raise ClaimError(f"claim {unnamed[1:]} of the file has no id")
    if not isinstance(name, str) or len(name) > MAX_ID or _ID.fullmatch(name) is None:
        shown = ascii(name)[:MAX_ID]
        raise ClaimError(f"{shown} is not an id: at most {MAX_ID} ASCII letters, digits and the marks . _ -")
    return name


def _claim(entry: dict[str, Any], name: str, shared: Scope) -> Claim:
    _refuse_unknown(entry, _CLAIM_KEYS, "the claim")
    title, source = _text(entry, "title"), _text(entry, "source")
    if "statement" not in entry:
        raise ClaimError("the claim has no statement")
    statement = entry["statement"]
    if not isinstance(statement, str):
        raise ClaimError("the statement is not a string; write it in quotes")
    own = _declarations(entry.get("symbols", {}), "symbols")
    symbols = scope({**shared.declared, **own}) if own else shared
    return Claim(name, title, source, statement, parse_statement(statement, symbols), None, symbols)


def _rebuild(name: str, title: str, source: str, statement: str, symbols: Scope, error: ClaimError | None) -> Claim:
    equation = None if error else parse_statement(statement, symbols)
    return Claim(name, title, source, statement, equation, error, symbols)


def _declarations(table: object, where: str) -> dict[str, Declaration]:
    if not isinstance(table, dict):
        raise ClaimError(f'{where} is not a table; write {where} = {{ A = "matrix(n)" }} or one line per symbol')
    if len(table) > MAX_SYMBOLS:
        raise ClaimError(f"{where} has {len(table)} symbols; the bound is {MAX_SYMBOLS}")
    found = {}
    for name, kind in table.items():
        if not isinstance(kind, str):
            raise ClaimError(f'{where}: the kind of {ascii(name)[:MAX_NAME]} is not a string such as "scalar"')
        try:
            found[name] = parse_kind(kind, name)
        except ClaimError as error:
            raise ClaimError(f"{where}: {error}") from None
    return found


def _refuse_unknown(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key[:MAX_NAME], known, 1)
            hint = f"did you mean {near[0]}?" if near else f"its keys are {', '.join(known)}"
            raise ClaimError(f"unknown key {ascii(key)[:MAX_NAME]} in {where}; {hint}")


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ClaimError(f"the {key} is not a string; write it in quotes")
    if len(value) > MAX_TITLE:
        raise ClaimError(f"the {key} has {len(value)} characters; the bound is {MAX_TITLE}")
    return value


def _or_blank(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key, "")
    return value[:MAX_TITLE] if isinstance(value, str) else ""
