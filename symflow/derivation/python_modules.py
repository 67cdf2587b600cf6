"""Proved right sides as the text of a Python module: what an integrator imports in place of formulas typed again.

The text is a function of the statements alone, so that whoever keeps such a module can compare it with what is proved
today, byte for byte.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from symflow.errors import KindError, SymflowError, UnsupportedError
from symflow.expr.array_code import to_arrays
from symflow.expr.loop_code import to_loops
from symflow.expr.order import Inequality
from symflow.expr.python_functions import WIDTH

if TYPE_CHECKING:
    from symflow.derivation.reports import Step

Form = Literal["loops", "numpy"]
_FORMS = {"loops": "loops over arrays of floats", "numpy": "NumPy functions of arrays of floats"}
_TYPES = {"Floats": "NDArray[np.float64]", "Places": "NDArray[np.intp]"}


@dataclass(frozen=True)
class Style:
    """How functions are written: see :meth:`symflow.derivation.reports.Report.to_python`."""

    form: Form = "loops"
    weighted: bool = True
    selected: bool = False

    def __post_init__(self) -> None:
        if self.form not in _FORMS:
            raise UnsupportedError(f"no form of code is called {self.form!r}; there are: {', '.join(_FORMS)}")
        if self.selected and self.form != "loops":
            raise UnsupportedError("sums over selected data are for loops; NumPy takes the selected rows themselves")


def module_text(title: str, steps: Sequence[Step], labels: Sequence[str], style: Style, origin: str = "") -> str:
    """A module with a function for the right side of each labelled step, or of each step that is proved and has code.

    ``origin``: what wrote it, in the docstring of the module.

    Raises:
        SymflowError: a label that is not there or not proved, two that give one name, or nothing to write.
        UnsupportedError: a labelled right side has no code of this form.
    """
    chosen = [_labelled(steps, label) for label in labels] if labels else _everything(steps, style)
    if not chosen:
        raise UnsupportedError(f"{title}: no step is proved with a right-hand side that has code")
    names: dict[str, str] = {}
    for step in chosen:
        name = function_name(step.label)
        if name in names:
            raise KindError(f"{names[name]} and {step.label} would both be called {name}; write them separately")
        names[name] = step.label
    functions = [_function(step, style) for step in chosen]
    used = [name for name in _TYPES if any(re.search(rf"\b{name}\b", text) for text in functions)]
    summary = f"{_one_line(title).rstrip('.')}."
    says = f"The right sides of statements that are proved, as {_FORMS[style.form]}."
    head = [f'"""{summary}', "", says, *origin.splitlines(), '"""']
    arrays = any(re.search(r"\bnp\.", text) for text in functions) or used
    imports = ["import numpy as np"] * bool(arrays) + ["from numpy.typing import NDArray"] * bool(used)
    parts = ["\n".join(head), "from __future__ import annotations"]
    parts += ["\n".join(part) for part in (imports, [f"{name} = {_TYPES[name]}" for name in used]) if part]
    return "\n\n".join(parts) + "".join(f"\n\n\n{text}" for text in functions) + "\n"


def function_name(label: str) -> str:
    """The name of a function by the label of its statement.

    >>> function_name("D1.wall-point")
    'D1_wall_point'
    """
    name = re.sub(r"\W+", "_", label).strip("_")
    return name if name.isidentifier() else f"statement_{name}"


def _labelled(steps: Sequence[Step], label: str) -> Step:
    found = [step for step in steps if step.label == label]
    if not found:
        raise SymflowError(f"no step is labelled {label!r}; there are: {', '.join(step.label for step in steps)}")
    if len(found) > 1:
        raise KindError(f"{len(found)} steps are labelled {label!r}; give them labels of their own")
    status = found[0].verdict.status
    if status != "proved":
        raise SymflowError(f"{label} is {status}; only what is proved is written")
    return found[0]


def _everything(steps: Sequence[Step], style: Style) -> list[Step]:
    return [step for step in steps if step.verdict.status == "proved" and _has_code(step, style)]


def _has_code(step: Step, style: Style) -> bool:
    try:
        _function(step, style)
    except UnsupportedError:
        return False
    return True


def _function(step: Step, style: Style) -> str:
    if isinstance(step.equation, Inequality):
        raise UnsupportedError(f"{step.label} is an inequality; functions are made of the right sides of equations")
    name, doc = function_name(step.label), _doc(step)
    try:
        if style.form == "numpy":
            return to_arrays(step.equation.rhs, name, weighted=style.weighted, doc=doc)
        return to_loops(step.equation.rhs, name, weighted=style.weighted, selected=style.selected, doc=doc)
    except UnsupportedError as error:
        raise UnsupportedError(f"{step.label}: {error}") from error


def _one_line(text: str) -> str:
    return " ".join(text.replace('"""', "'''").replace("\\", "\\\\").split())


def _doc(step: Step) -> list[str]:
    """The lines of a docstring: label and title, the statement, its hypotheses, and how far it holds."""
    statement = textwrap.wrap(repr(step.equation), WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    lines = [
        f"{step.label}: {' '.join(step.title.split())}." if step.title else f"{step.label}.",
        *(f"    {line}" for line in statement),
    ]
    if step.hypotheses:
        given = textwrap.wrap(
            "where " + ", ".join(map(repr, step.hypotheses)), WIDTH - 8, break_long_words=False, break_on_hyphens=False
        )
        lines += ["", *(f"    {line}" for line in given)]
    return [*lines, "", f"{step.scope[:1].upper()}{step.scope[1:]}." if step.scope else "Proved."]
