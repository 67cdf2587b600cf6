"""Lemmas by name: statements of this derivation, of another one, or of another file, as they are used here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from symflow.derivation.induction import Induction, require_kind
from symflow.derivation.statements import Lemma, Statement
from symflow.derivation.totality import require_total
from symflow.errors import ClaimError, KindError
from symflow.expr.order import Inequality
from symflow.expr.substitution import substitute_in
from symflow.expr.tree import Equation, Expr

if TYPE_CHECKING:
    from symflow.derivation.writing import Derivation

_FOLDER: ContextVar[Path | None] = ContextVar("_FOLDER", default=None)
_BEING_LOADED: ContextVar[tuple[Path, ...]] = ContextVar("_BEING_LOADED", default=())
_LOADED: dict[tuple[Path, int], list[Derivation]] = {}  # by path and time of change: a lemma is proved once


@contextmanager
def folder_of(file: Path) -> Iterator[None]:
    """While a derivation file runs, names of other files are looked up beside it."""
    here = file.resolve()
    chain = _BEING_LOADED.get()
    if here in chain:
        names = " -> ".join(path.name for path in (*chain, here))
        raise ClaimError(f"the files use lemmas of each other in a circle: {names}")
    folder, loading = _FOLDER.set(here.parent), _BEING_LOADED.set((*chain, here))
    try:
        yield
    finally:
        _FOLDER.reset(folder)
        _BEING_LOADED.reset(loading)


def from_file(name: str, label: str) -> Derivation:
    """The derivation of a file that has a statement with this label; the file stands beside the one being run."""
    from symflow.derivation.files import load

    file = ((_FOLDER.get() or Path()) / name).resolve()
    try:
        key = (file, file.stat().st_mtime_ns)
    except OSError as error:
        raise ClaimError(f"the lemma {label} is sought in {name}: {error.strerror}") from error
    if key not in _LOADED:
        _LOADED[key] = load(file)
    for derivation in _LOADED[key]:
        if any(statement.label == label for statement in derivation.everything()):
            return derivation
    known = ", ".join(s.label for d in _LOADED[key] for s in d.everything()) or "none"
    raise KindError(f"{name} has no statement {label!r}; it has: {known}")


def theorem(here: Derivation, name: str) -> Lemma:
    """A statement on which another one rests, by its label or as ``file.py:label``."""
    file, _, label = name.rpartition(":")
    home = from_file(file, label) if file else here
    return Lemma(home, label, home.statement(label).equation)


def borrow(here: Derivation, home: Derivation, label: str, values: Mapping[Expr, Expr]) -> Equation:
    """Add a lemma to what the later statements of a derivation may use; see :meth:`Derivation.lemma`."""
    statement = home.statement(label)
    for symbol, value in values.items():
        require_kind(repr(symbol), symbol, value)
    equation = substitute_in(statement.equation, values)
    if isinstance(equation, Inequality):
        raise KindError(f"{label} is an inequality; proofs use equations, such as the identity behind it")
    for hypothesis in statement.hypotheses:
        needed = substitute_in(hypothesis, values)
        if all(needed != given for given in here.hypotheses):
            raise KindError(f"{label} holds under the hypothesis {needed!r}; assume it first")
    require_total(f"the lemma {label}", equation)
    lemma = Lemma(home, label, equation)
    if statement.induction is not None:
        _speak_of_states(here, home, statement, values)
        here.hypotheses.append(equation)
        here.grounds.append(lemma)
    else:
        here.lemmas.append(lemma)
    return equation


def _speak_of_states(here: Derivation, home: Derivation, statement: Statement, values: Mapping[Expr, Expr]) -> None:
    """Record which symbols stand for states of a recursion from now on, and see that none stands for two."""
    induction = statement.induction
    assert isinstance(induction, Induction)
    states = {state.symbol.data[0]: state for state in induction.recursion.states}
    others = tuple(sorted((repr(k), repr(v)) for k, v in values.items() if k.data[0] not in states))
    named = {k.data[0]: v for k, v in values.items()}
    meanings = dict(here.meanings)
    for symbol, state in states.items():
        if symbol.name not in statement.equation.symbols():
            continue
        stands = named.get(symbol, state.symbol)
        if stands.op != "symbol" or (home is not here and symbol not in named):
            raise KindError(
                f"{statement.label} speaks of {state.name}, a state of its recursion; name the symbol that stands for "
                f"it here, values={{{state.symbol!r}: …}}"
            )
        if stands.data[0].kind != symbol.kind or stands.data[0].family != symbol.family:
            raise KindError(
                f"{state.name} is any {symbol.kind} that the recursion reaches; {stands!r} is declared "
                f"{stands.data[0].kind}{' over the data' if stands.data[0].family else ''}, so it says more or less"
            )
        meaning = (id(induction.recursion), state.name, others)
        if meanings.setdefault(stands.data[0].name, meaning) != meaning:
            raise KindError(f"{stands!r} stands for another state already; take a symbol of its own for {state.name}")
    stand = {
        named.get(symbol, state.symbol).data[0]
        for symbol, state in states.items()
        if symbol.name in statement.equation.symbols()
    }
    for symbol, value in named.items():
        met = [node for node in value.walk() if node.op == "symbol" and node.data[0] in stand]
        if symbol not in states and met:
            raise KindError(
                f"{symbol.name} is the same at every layer; {value!r} contains {met[0]!r}, which is a state"
            )
    here.meanings = meanings


def require_states_apart(label: str, equation: Equation, grounds: Sequence[Lemma]) -> None:
    """Raise KindError where a statement differentiates by what a borrowed theorem says that a state depends on.

    A symbol that stands for a state is held constant by a derivative; the state itself is not.
    """
    for variable in equation.differentiated_by():
        for ground in grounds:
            if variable.data[0].name in ground.equation.symbols():
                raise KindError(
                    f"{label} differentiates by {variable!r}, on which the states of {ground.label} may depend; "
                    f"put what they are in their place, or state it without the lemma"
                )
