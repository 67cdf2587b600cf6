"""symflow: a symbolic-numeric derivation checker.

Write a derivation down once; symflow proves each step in every dimension, hunts for counterexamples, compiles what it
proved to numerical functions and confirms them against the derivatives of the original network. Names are loaded when
first used, so that ``import symflow`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "symflow.expr.tree": ("Equation", "Expr", "FunctionSymbol", "Symbol"),
    "symflow.expr.language": (
        "along", "comm", "cos", "datasum", "det", "diag", "diagpart", "diff", "dot", "exp", "eye", "grad", "hadamard",
        "inv", "jac", "liegrad", "log", "logdet", "ones", "outer", "relu", "sin", "skew", "sqnorm", "sqrt", "step",
        "sym", "tanh", "tr", "variable", "zeros",
    ),
    "symflow.expr.sympy_bridge": ("from_sympy", "to_sympy"),
    "symflow.proof": ("Verdict", "decide"),
    "symflow.derivation": ("Derivation",),
}  # fmt: skip
_WHERE = {name: home for home, names in _HOMES.items() for name in names} | {"I": "symflow.expr.language"}

__all__ = ["I", "__version__", *sorted(name for names in _HOMES.values() for name in names)]  # noqa: PLE0604  # computed


def __getattr__(name: str) -> Any:
    home = _WHERE.get(name)
    if home is None:
        raise AttributeError(f"module 'symflow' has no attribute {name!r}")
    value = getattr(import_module(home), "eye" if name == "I" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
