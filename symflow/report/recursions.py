r"""Recursions over layers as formulas: states and parameters carry the number of their layer, A_{l+1} = W_{l+1} A_l."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from symflow.derivation.induction import Layer, Recursion, State
from symflow.expr.display import Notation, show
from symflow.expr.language import variable
from symflow.expr.lines import width
from symflow.expr.tree import Expr, Symbol

HERE = r"\ell"
NEXT = r"\ell+1"
START = "0"


def layered(notation: Notation, recursion: Recursion) -> Notation:
    """The notation in which states stand at layer l and parameters at layer l + 1."""
    layers = {state.symbol.data[0]: (state.symbol.data[0], HERE) for state in recursion.states}
    layers |= {symbol.data[0]: (symbol.data[0], NEXT) for symbol in recursion.parameters.values()}
    layers |= {_next(state).data[0]: (state.symbol.data[0], NEXT) for state in recursion.states}
    return replace(notation, name=_naming(notation.name, layers))


def _next(state: State) -> Expr:
    """A symbol for the state at layer l + 1."""
    symbol, index = state.symbol.data
    return variable(replace(symbol, name=f"{symbol.name}_next"), index)


def _following(recursion: Recursion) -> Iterator[tuple[State, Expr]]:
    """What every state becomes, with the states before it at layer l + 1 by their names."""
    values = {state.name: state.symbol for state in recursion.states} | recursion.parameters
    for state in recursion.states:
        yield state, state.following(Layer(values))
        values[f"{state.name}_next"] = _next(state)


def _naming(
    name: Callable[[Symbol, str | None], str], layers: dict[Symbol, tuple[Symbol, str]]
) -> Callable[[Symbol, str | None], str]:  # fmt: skip
    def named(symbol: Symbol, index: str | None) -> str:
        if symbol not in layers:
            return name(symbol, index)
        plain, layer = layers[symbol]
        # Braces, because a symbol may carry a subscript of its own, and be transposed.
        return f"{{{{{name(plain, index)}}}_{{{layer}}}}}"

    return named


def recursion_lines(
    recursion: Recursion, notation: Notation, in_words: Callable[[Expr], Expr]
) -> Iterator[tuple[str, int]]:  # fmt: skip
    r"""One line for each state, ``A_0 &= I, & A_{l+1} &= W_{l+1} A_l``, and about how many characters wide it is.

    ``in_words`` puts the names of definitions in an expression.
    """
    here = layered(notation, recursion)
    for number, (state, following) in enumerate(_following(recursion), start=1):
        symbol, index = state.symbol.data
        name = notation.name(symbol, index)
        start, then = in_words(state.start), in_words(following)
        end = "." if number == len(recursion.states) else ","
        line = f"{{{name}}}_{{{START}}} &= {show(start, here)}, & {{{name}}}_{{{NEXT}}} &= {show(then, here)}{end}"
        yield line, 2 * width(state.symbol) + width(start) + width(then) + 20
