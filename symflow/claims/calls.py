"""Everything written with parentheses after a name: functions, derivatives, data sums, applied function symbols."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable

from symflow.claims.declarations import RESERVED
from symflow.claims.naming import Names
from symflow.errors import ClaimError, KindError, ShapeError
from symflow.expr import language
from symflow.expr.tree import FUNCTIONS, Expr, FunctionSymbol

_BINARY = ("dot", "comm", "hadamard", "outer")
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    **{name: ("(X, Y)",) if name in _BINARY else ("(X)",) for name in FUNCTIONS},
    "eye": ("(n)",), "zeros": ("(n, m)",), "ones": ("(n)", "(n, m)"), "datasum": ("(e, i)",),
    "grad": ("(f, X)",), "liegrad": ("(f, R)",), "jac": ("(f, x)",), "diff": ("(f, X, E)",), "along": ("(f, X=e, …)",),
}  # fmt: skip
_QUOTED = 60  # characters of a sub-expression shown in a message


class CallReader(ABC):
    """Reads calls; the arguments are read by :meth:`value` of the whole reader."""

    def __init__(self, source: str, names: Names) -> None:
        self.source = source
        self.names = names

    @abstractmethod
    def value(self, node: ast.expr, bound: frozenset[str], depth: int) -> Expr:
        """The expression at ``node``, in which the data indices ``bound`` may be used."""

    def quoting(self, node: ast.expr, problem: object) -> ClaimError:
        """The error for ``node``, with its text."""
        piece = self.source[node.col_offset : node.end_col_offset]
        if len(piece) > _QUOTED:
            piece = piece[: _QUOTED - 1] + "…"
        return ClaimError(f"{problem}, in: {piece}", position=node.col_offset + 1)

    def build(self, node: ast.expr, make: Callable[..., Expr], *arguments: object) -> Expr:
        """Call a constructor of the tree; what it objects to is reported at ``node``."""
        try:
            return make(*arguments)
        except (ShapeError, KindError) as error:
            raise self.quoting(node, error) from None

    def call(self, node: ast.Call, bound: frozenset[str], depth: int) -> Expr:
        """``name(…)`` for a function of the language, ``f(v)`` or ``f.d(v)`` for a function symbol."""
        if not isinstance(node.func, ast.Name) or node.func.id not in RESERVED:
            return self._apply(node, bound, depth)
        name = node.func.id
        if name == "along":
            return self._along(node, bound, depth)
        self._require_arguments(node, name)
        if name in ("eye", "zeros", "ones"):
            make: Callable[..., Expr] = getattr(language, name)
            return make(*map(self.names.dimension, node.args))
        if name == "datasum":
            index = self.names.index(node.args[1])
            return language.datasum(self.value(node.args[0], bound | {index}, depth + 1), index)
        if name not in FUNCTIONS:
            self._require_symbol(name, node.args[1])
        arguments = [self.value(argument, bound, depth + 1) for argument in node.args]
        return self.build(node, getattr(language, name), *arguments)

    def _require_arguments(self, node: ast.Call, name: str) -> None:
        wanted = _ARGUMENTS[name]
        forms = " or ".join(name + form for form in wanted)
        if node.keywords:
            raise self.quoting(node, f"{name} takes no keyword arguments; write {forms}")
        if len(node.args) not in [form.count(",") + 1 for form in wanted]:
            raise self.quoting(node, f"{len(node.args)} arguments given; write {forms}")

    def _require_symbol(self, name: str, node: ast.expr) -> None:
        if not isinstance(node, ast.Name | ast.Subscript):
            raise self.quoting(node, f"{name} differentiates with respect to a symbol; this is an expression")

    def _along(self, node: ast.Call, bound: frozenset[str], depth: int) -> Expr:
        if len(node.args) != 1 or not node.keywords:
            raise self.quoting(node, "one argument and then velocities, please: along(f, X=e1, Y=e2)")
        body = self.value(node.args[0], bound, depth + 1)
        velocities: dict[str, tuple[Expr, Expr]] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.quoting(keyword.value, "unpacking with ** is not part of the claims language")
            where = ast.Name(keyword.arg, ast.Load(), col_offset=keyword.col_offset, lineno=keyword.lineno)
            if keyword.arg in velocities:
                raise ClaimError(f"along gives two velocities for {keyword.arg}", position=keyword.col_offset + 1)
            index = self.names.symbol(where).index
            inside = bound if index is None else bound | {index}
            member = None if index is None else ast.Name(index, ast.Load(), col_offset=keyword.col_offset, lineno=1)
            symbol = self.names.value(where, member, inside)
            velocities[keyword.arg] = (symbol, self.value(keyword.value, inside, depth + 1))
        return self.build(node, language.along, body, dict(velocities.values()))

    def _apply(self, node: ast.Call, bound: frozenset[str], depth: int) -> Expr:
        order, function = 0, node.func
        while isinstance(function, ast.Attribute) and function.attr == "d":
            order, function = order + 1, function.value
        if not isinstance(function, ast.Name):
            raise self.quoting(node.func, "only functions can be applied: f(v), f.d(v); a product needs @ or *")
        if order and function.id in RESERVED:
            raise self.quoting(node.func, ".d is for function symbols; write the derivative out, or use diff")
        applied = FunctionSymbol(self.names.function(function))
        if node.keywords or len(node.args) != 1:
            raise self.quoting(node, f"a function symbol takes one argument; write {function.id}(v)")
        try:
            for _ in range(order):
                applied = applied.d
        except KindError as error:
            raise self.quoting(node, error) from None
        return applied(self.value(node.args[0], bound, depth + 1))
