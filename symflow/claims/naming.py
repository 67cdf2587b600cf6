"""What a name means where it stands: a value, a dimension, or a data index."""

from __future__ import annotations

import ast
import difflib

from symflow.claims.declarations import RESERVED, Declaration, Scope, require_name, require_size
from symflow.errors import ClaimError, KindError
from symflow.expr.language import variable
from symflow.expr.shapes import Dim
from symflow.expr.tree import Expr, Symbol

_COMPARED = 200  # names among which a misspelt one is looked for


class Names:
    """The names of a scope, looked up by position in a syntax tree; every failure is a ClaimError with its column."""

    def __init__(self, names: Scope) -> None:
        self.declared = names.declared
        self.dimensions = names.dimensions

    def value(self, node: ast.Name, index: ast.Name | None, bound: frozenset[str]) -> Expr:
        """The symbol at ``node`` as a value, or the member of a data family at ``index``."""
        symbol = self.symbol(node, bound).symbol
        assert symbol is not None  # symbol() refuses dimensions
        if index is not None and index.id not in bound:
            hint = f"{node.id}[{index.id}] belongs inside datasum(…, {index.id})"
            raise _error(index, f"the data index {index.id} is not bound here; {hint}")
        try:
            return variable(symbol, None if index is None else index.id)
        except KindError as error:
            raise _error(node, str(error)) from None

    def symbol(self, node: ast.Name, bound: frozenset[str] = frozenset()) -> Declaration:
        """The declaration of the symbol at ``node``, which is no dimension."""
        entry = self.declared.get(node.id)
        if entry is not None and entry.symbol is not None:
            return entry
        if node.id in self.dimensions:
            raise _error(node, f"{node.id} is a dimension, not a value; for its value write tr(eye({node.id}))")
        if node.id in RESERVED:
            raise _error(node, f"{node.id} is a function of the language; apply it, {node.id}(…)")
        if node.id in bound:
            raise _error(node, f"{node.id} is a data index, not a value")
        raise _error(node, f"unknown name {node.id!r}{self._suggestion(node.id)}")

    def function(self, node: ast.Name) -> Symbol:
        """The symbol of kind ``function`` at ``node``."""
        entry = self.declared.get(node.id)
        if entry is None or entry.symbol is None:
            if node.id in self.dimensions:
                raise _error(node, f"{node.id} is a dimension, not a function")
            raise _error(node, f"unknown function {node.id!r}{self._suggestion(node.id)}")
        if entry.symbol.kind != "function":
            raise _error(node, f"{node.id} is declared as {entry.symbol.kind}, no function; a product needs @ or *")
        return entry.symbol

    def dimension(self, node: ast.expr) -> Dim:
        """The dimension at ``node``: a name that is no symbol, or a positive integer."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            try:
                return require_size(str(node.value), "this dimension")
            except ClaimError as error:
                raise _error(node, str(error)) from None
        if not isinstance(node, ast.Name):
            raise _error(node, "a dimension is a name or a positive integer")
        self._require_free(node, "a dimension")
        return node.id

    def index(self, node: ast.expr) -> str:
        """The data index that the second argument of ``datasum`` binds."""
        if not isinstance(node, ast.Name):
            raise _error(node, "the second argument of datasum is a data index: a name such as i")
        self._require_free(node, "a data index")
        if node.id in self.dimensions:
            raise _error(node, f"{node.id} is a dimension and cannot be a data index too; rename one of them")
        return node.id

    def _require_free(self, node: ast.Name, what: str) -> None:
        entry = self.declared.get(node.id)
        if entry is not None and entry.symbol is not None:
            raise _error(node, f"{node.id} is declared as {entry.symbol.kind} and cannot be {what} too")
        try:
            require_name(node.id, what)
        except ClaimError as error:
            raise _error(node, str(error)) from None

    def _suggestion(self, name: str) -> str:
        known = [*self.declared, *sorted(RESERVED), *sorted(self.dimensions)][:_COMPARED]
        near = difflib.get_close_matches(name, known, 1)
        return f"; did you mean {near[0]!r}?" if near else "; declare it among the symbols"


def _error(node: ast.expr, message: str) -> ClaimError:
    return ClaimError(message, position=node.col_offset + 1)
