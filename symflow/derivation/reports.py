"""The report of a checked derivation: a verdict for every step, and the proved right-hand sides as functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symflow.errors import SymflowError, UnsupportedError
from symflow.expr.numpy_code import compile_numpy
from symflow.expr.order import Inequality
from symflow.expr.tree import DERIVATIVES, Equation, Expr
from symflow.proof import Verdict

if TYPE_CHECKING:
    from symflow.derivation.python_modules import Form

Function = Callable[..., Any]


@dataclass(frozen=True)
class Step:
    """A statement of a derivation and what became of it."""

    label: str
    title: str
    source: str
    equation: Equation
    verdict: Verdict
    hypotheses: tuple[Equation, ...] = ()
    scope: str = ""  # for which dimensions, depths and data


class Functions(Mapping[str, Function]):
    """The proved right-hand sides by label, each a function of keyword arguments."""

    def __init__(self, functions: dict[str, Function], library: str = "NumPy") -> None:
        self._functions = functions
        self._library = library

    def __getitem__(self, label: str) -> Function:
        try:
            return self._functions[label]
        except KeyError:
            known = ", ".join(self._functions) or "none"
            raise SymflowError(f"no proved right-hand side is labelled {label!r}; there are: {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def __repr__(self) -> str:
        return f"<{self._library} functions {', '.join(self._functions)}>"


@dataclass(frozen=True)
class Report:
    """The steps of a derivation with their verdicts, in order."""

    title: str
    steps: tuple[Step, ...]

    @property
    def proved(self) -> bool:
        """Whether every step is proved."""
        return all(step.verdict.status == "proved" for step in self.steps)

    def __getitem__(self, label: str) -> Step:
        for step in self.steps:
            if step.label == label:
                return step
        raise SymflowError(f"no step is labelled {label!r}; there are: {', '.join(s.label for s in self.steps)}")

    def lambdify(self, backend: str = "numpy") -> Functions:
        """The proved right-hand sides as functions, for any dimension, batched over the data.

        Only what is proved is compiled; a right-hand side that itself contains a derivative has no function.

        ``backend`` says what the functions compute with: ``"numpy"`` and ``"jax"`` (which must be installed) with
        arrays of float64, ``"mpmath"`` with mpmath matrices at the precision of ``mpmath.mp``. What they take and
        return: ``compile_numpy``, ``compile_jax``, ``compile_mpmath`` in ``symflow.expr``.

        Raises UnsupportedError where nothing can be compiled, for an unknown backend, and for one not installed.
        """
        library, compile_expression = _compiler(backend)
        functions = {
            step.label: compile_expression(step.equation.rhs)
            for step in self.steps
            if step.verdict.status == "proved"
            and not isinstance(step.equation, Inequality)
            and not any(n.op in DERIVATIVES for n in step.equation.rhs.walk())
        }
        if not functions:
            raise UnsupportedError(f"{self.title}: no step is proved with a right-hand side free of derivatives")
        return Functions(functions, library)

    def to_python(
        self, *labels: str, form: Form = "loops", weighted: bool = True, selected: bool = False, origin: str = ""
    ) -> str:
        """The proved right-hand sides with these labels as the text of a Python module, to be kept as a file.

        Without labels, of all that are proved and have code. ``form="loops"``: loops over plain arrays, results written
        into ``out``, fit for ``numba.njit``; what the functions take: ``symflow.expr.loop_code.to_loops``, also for
        ``weighted`` and ``selected``. ``form="numpy"``: NumPy functions, batched over the data. ``origin`` becomes
        part of the docstring. The same report gives the same text.

        Raises SymflowError for a label that is not proved, UnsupportedError where there is no code.
        """
        from symflow.derivation.python_modules import Style, module_text

        return module_text(self.title, self.steps, labels, Style(form, weighted, selected), origin)

    def __str__(self) -> str:
        width = max((len(step.label) for step in self.steps), default=0)
        lines = [self.title]
        for step in self.steps:
            verdict = step.verdict
            under = f" under {', '.join(map(repr, step.hypotheses))}" if step.hypotheses else ""
            lines.append(f"  {step.label:<{width}}  {verdict.status}{under}")
            if verdict.status != "proved":
                lines.append(f"    {verdict.detail}")
            if verdict.residual:
                lines += [f"      {line}" for line in verdict.residual.splitlines()]
            if verdict.counterexample is not None:
                lines += [f"      {line}" for line in verdict.counterexample.to_python().splitlines()]
        return "\n".join(lines)

    def to_latex(self) -> str:
        """The steps with their verdicts as LaTeX, for one display, without surrounding dollar signs."""
        from symflow.derivation.typesetting import report_to_latex

        return report_to_latex(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.to_latex()}$"


def _compiler(backend: str) -> tuple[str, Callable[[Expr], Function]]:
    """The name of a backend for people, and what makes its functions; imported where it is asked for."""
    match backend:
        case "numpy":
            return "NumPy", compile_numpy
        case "mpmath":
            from symflow.expr.mpmath_code import compile_mpmath

            return "mpmath", compile_mpmath
        case "jax":
            from symflow.expr.jax_code import compile_jax

            return "JAX", compile_jax
        case _:
            raise UnsupportedError(f"no backend is called {backend!r}; there are: numpy, mpmath, jax")
