"""The pytest plugin: claims and derivations as test items, ``pytest derivations``.

Collected are derivation files (``*.py`` with a ``Derivation(...)`` call at their top level) and claims files
(``*.toml`` that begin with ``format = 1``), where they are named on the command line, lie in a folder called
``derivations`` or, claims files only, in a folder named on the command line. Everything else is left to pytest.

pytest imports this module at every start, so it imports nothing but the standard library and pytest; what is heavy
comes with the first derivation file, which is run when it is collected, or the first claim that is decided.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from symflow.testing.items import ClaimsCollector, DerivationCollector

FOLDER = "derivations"
_FORMAT = re.compile(r"\s*(?:#[^\n]*\s*)*format\s*=\s*1\s*(?:#|\n|$)")
_HEAD = 4096  # characters of a TOML file that are read to see what it is
_LONGEST = 1 << 20  # bytes of a Python file that are parsed to see what it is


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of ``symflow check`` that make sense here."""
    group = parser.getgroup("symflow", "symflow: claims and derivations")
    group.addoption(
        "--symflow-timeout", type=float, default=20.0, metavar="SECONDS", help="time limit of each claim (default: 20)"
    )
    group.addoption(
        "--symflow-no-confirm", dest="symflow_confirm", action="store_false",
        help="prove derivations only, without comparing with derivatives of the original network",
    )  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> DerivationCollector | None:
    """A derivation file named on the command line, which pytest would import as a module of tests."""
    if parent.session.isinitpath(module_path) and is_derivation(module_path):
        return _derivation(module_path, parent)
    return None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ClaimsCollector | DerivationCollector | None:
    """Claims files, and the derivation files of folders."""
    named = parent.session.isinitpath(file_path)
    if file_path.suffix == ".toml":
        if (named or _in_folder(file_path, parent) or parent.session.isinitpath(file_path.parent)) and is_claims(
            file_path
        ):
            from symflow.testing.items import ClaimsCollector

            return ClaimsCollector.from_parent(parent, path=file_path)
        return None
    if file_path.suffix != ".py" or named or not _in_folder(file_path, parent):
        return None
    patterns = parent.config.getini("python_files")
    if file_path.name.startswith((".", "_")) or any(file_path.match(pattern) for pattern in patterns):
        return None
    return _derivation(file_path, parent) if is_derivation(file_path) else None


def _derivation(path: Path, parent: pytest.Collector) -> DerivationCollector:
    from symflow.testing.items import DerivationCollector

    return DerivationCollector.from_parent(parent, path=path)


def _in_folder(path: Path, parent: pytest.Collector) -> bool:
    """Whether a folder between pytest's root (or any, for a file elsewhere) and the file is called ``derivations``."""
    root = parent.config.rootpath
    folders = path.parent.relative_to(root) if path.is_relative_to(root) else path.parent
    return FOLDER in folders.parts or root.name == FOLDER


def is_claims(path: Path) -> bool:
    """Whether a TOML file begins with ``format = 1``; comments may come before it."""
    try:
        with path.open(encoding="utf-8") as file:
            return _FORMAT.match(file.read(_HEAD)) is not None
    except (OSError, UnicodeDecodeError):
        return False


def is_derivation(path: Path) -> bool:
    """Whether a Python file calls ``Derivation(...)`` at its top level and has no tests; the file is not run."""
    try:
        if path.stat().st_size > _LONGEST:
            return False
        source = path.read_bytes()
        if b"Derivation(" not in source:
            return False
        body = ast.parse(source).body
    except (OSError, SyntaxError, ValueError):
        return False
    if any(isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower().startswith("test") for node in body):
        return False
    calls = (node.value for node in body if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr))
    return any(isinstance(call, ast.Call) and _called(call.func) == "Derivation" for call in calls)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
