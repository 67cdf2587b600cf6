"""Statements and expressions of the claims language, read from text without ever running it.

Python's own parser turns the text into an abstract syntax tree (it runs nothing), and a whitelist turns that
into an :class:`~symflow.expr.tree.Expr`: what is not listed below is refused with its column. Errors of shape and
kind that the tree raises come out as :class:`~symflow.errors.ClaimError` that quotes the offending piece.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from symflow.claims.calls import CallReader
from symflow.claims.declarations import Symbols, scope
from symflow.claims.limits import MAX_DEPTH, MAX_NODES, MAX_TERMS
from symflow.claims.naming import Names
from symflow.claims.scanning import read_number, scan
from symflow.errors import ClaimError, ShapeError
from symflow.expr.shapes import require_same
from symflow.expr.tree import MAX_EXPONENT, Equation, Expr, lift

_REFUSED: dict[type[ast.expr], str] = {
    ast.Compare: "a comparison inside an expression", ast.IfExp: "a conditional", ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension", ast.GeneratorExp: "a comprehension", ast.List: "a list", ast.Tuple: "a tuple",
    ast.Starred: "unpacking with *", ast.BoolOp: "and/or", ast.Await: "await",
}  # fmt: skip

_Result = TypeVar("_Result", Equation, Expr)


def parse_statement(text: str, symbols: Symbols) -> Equation:
    """Read ``e1 == e2``.

    Args:
        text: the statement; newlines count as spaces.
        symbols: what the names stand for: a ``Scope``, or names with declarations, Symbols or kinds as text.

    Raises:
        ClaimError: with the column of the offending piece, counted from 1.

    >>> equation = parse_statement("tr(A@B) == tr(B@A)", {"A": "matrix(n, m)", "B": "matrix(m, n)"})
    >>> equation.lhs.op, equation.lhs.shape
    ('tr', (1, 1))
    >>> parse_statement("A@x == y", {"A": "matrix(n)", "x": "vector(m)", "y": "vector(n)"})
    Traceback (most recent call last):
    ...
    symflow.errors.ClaimError: @ cannot multiply n x n by vector(m), in: A@x
    """
    return _read(text, symbols, _Reader.statement)


def parse_expression(text: str, symbols: Symbols) -> Expr:
    """Read one expression; arguments and errors as in :func:`parse_statement`.

    >>> parse_expression("0.1*s", {"s": "scalar"}).args[0].data
    Fraction(1, 10)
    """
    return _read(text, symbols, _Reader.expression)


def _read(text: str, symbols: Symbols, read: Callable[[_Reader, ast.expr], _Result]) -> _Result:
    names = Names(scope(symbols))
    flat = scan(text)
    source = flat.strip(" ")
    if not source:
        raise ClaimError("there is nothing to read; a statement is e1 == e2", position=1)
    shift = len(flat) - len(flat.lstrip(" "))
    try:
        return read(_Reader(source, names), ast.parse(source, mode="eval").body)
    except SyntaxError as error:
        place = min(max(error.offset or 1, 1), len(source))
        raise ClaimError(f"this does not read as an expression: {error.msg}", position=shift + place) from None
    except (RecursionError, MemoryError):
        message = f"nested too deeply, or a chain of more than {MAX_TERMS} operators; define parts of it as symbols"
        raise ClaimError(message, position=shift + 1) from None
    except ClaimError as error:
        if error.position is not None:
            error.position += shift
        raise


class _Reader(CallReader):
    """One pass over the syntax tree of one text; columns count from the first character that is no blank."""

    nodes = 0

    def statement(self, node: ast.expr) -> Equation:
        """The equation at the root."""
        if not isinstance(node, ast.Compare):
            raise ClaimError("a statement is e1 == e2; this one has no ==", position=1)
        if len(node.comparators) > 1:
            message = "a statement has one == only; write a chain as several claims"
            raise ClaimError(message, position=node.comparators[1].col_offset + 1)
        if not isinstance(node.ops[0], ast.Eq):
            raise ClaimError("a statement is e1 == e2; no other comparison belongs to the language", position=1)
        lhs, rhs = self.expression(node.left), self.expression(node.comparators[0])
        try:
            return Equation(lhs, rhs)
        except ShapeError as error:
            raise ClaimError(f"the two sides differ in shape: {error}", position=1) from None

    def expression(self, node: ast.expr) -> Expr:
        """The expression at the root, or one side of the statement."""
        return self.value(node, frozenset(), 1)

    def value(self, node: ast.expr, bound: frozenset[str], depth: int) -> Expr:
        """The expression at ``node``, in which the data indices ``bound`` may be used."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ClaimError(f"the statement has more than {MAX_NODES} parts", position=node.col_offset + 1)
        if depth > MAX_DEPTH:
            message = f"nested more than {MAX_DEPTH} levels deep; define parts of it as symbols"
            raise ClaimError(message, position=node.col_offset + 1)
        match node:
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                return lift(self.number(node))
            case ast.Name():
                return self.names.value(node, None, bound)
            case ast.Subscript(value=ast.Name() as name, slice=ast.Name() as index):
                return self.names.value(name, index, bound)
            case ast.Subscript():
                raise self.quoting(node, "only a data family takes an index, and its index is a name: x[i]")
            case ast.Attribute(attr="T"):
                return self.value(node.value, bound, depth + 1).T
            case ast.Attribute():
                raise self.attribute(node)
            case ast.Call():
                return self.call(node, bound, depth)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self.sum(node, bound, depth)
            case ast.BinOp(op=ast.Mult() | ast.MatMult() | ast.Div()):
                return self.product(node, bound, depth)
            case ast.BinOp(op=ast.Pow()):
                base = self.value(node.left, bound, depth + 1)
                return self.build(node, pow, base, self.exponent(node.right))
            case ast.UnaryOp(op=ast.USub()):
                return -self.value(node.operand, bound, depth + 1)
            case ast.UnaryOp(op=ast.UAdd()):
                raise self.quoting(node, "there is no unary +; leave it out")
            case _:
                raise self.quoting(node, f"{_REFUSED.get(type(node), 'this')} is not part of the claims language")

    def attribute(self, node: ast.Attribute) -> ClaimError:
        """The error for an attribute other than ``.T``."""
        if node.attr == "d":
            return self.quoting(node, "a derivative of a function symbol is applied at once: f.d(v)")
        return self.quoting(node, f"there is no attribute .{node.attr}; only X.T and f.d(v) are part of the language")

    def number(self, node: ast.expr) -> Fraction:
        """The exact value of a literal, from its source text and with its sign."""
        if isinstance(node, ast.UnaryOp):
            return -self.number(node.operand)
        if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
            raise self.quoting(node, "only decimal numbers are part of the claims language")
        return read_number(self.source[node.col_offset : node.end_col_offset], node.col_offset + 1)

    def exponent(self, node: ast.expr) -> int:
        """The integer literal after ``**``."""
        literal = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
        if not isinstance(literal, ast.Constant) or type(literal.value) is not int:
            message = "the exponent of ** must be an integer literal; sqrt(s) is a root, exp(t*log(s)) is s to the t"
            raise self.quoting(node, message)
        exponent = int(self.number(node))
        if abs(exponent) > MAX_EXPONENT:
            raise self.quoting(node, f"the exponent of ** is beyond the bound of {MAX_EXPONENT}")
        return exponent

    def sum(self, node: ast.BinOp, bound: frozenset[str], depth: int) -> Expr:
        """A chain of + and -, as one flat node; building it pair by pair would take quadratic time."""
        first, steps = self.chain(node, (ast.Add, ast.Sub))
        head = self.value(first, bound, depth + 1)
        terms = [*head.args] if head.op == "add" else [head]
        for step in steps:
            term = self.value(step.right, bound, depth + 1)
            try:
                require_same("+ or -", head.shape, term.shape)
            except ShapeError as error:
                raise self.quoting(step, error) from None
            terms.append(-term if isinstance(step.op, ast.Sub) else term)
        return Expr("add", tuple(terms), None, head.shape)

    def product(self, node: ast.BinOp, bound: frozenset[str], depth: int) -> Expr:
        """A chain of ``*``, ``@`` and ``/``, from the left as Python groups it."""
        first, steps = self.chain(node, (ast.Mult, ast.MatMult, ast.Div))
        deepest = depth + len(steps)
        left = self.value(first, bound, deepest)
        for place, step in enumerate(steps):
            right = self.value(step.right, bound, deepest - place)
            if isinstance(step.op, ast.Div):
                left = self.quotient(step, left, right)
            else:
                operation = Expr.__matmul__ if isinstance(step.op, ast.MatMult) else Expr.__mul__
                left = self.build(step, operation, left, right)
        return left

    def quotient(self, node: ast.BinOp, left: Expr, right: Expr) -> Expr:
        """``left/right``; a quotient of two literals, ``1/2``, is one number."""
        if right.op == "number" and right.data == 0:
            raise self.quoting(node, "division by zero")
        if left.op == right.op == "number" and isinstance(node.right, ast.Constant):
            return lift(left.data / right.data)
        return self.build(node, Expr.__truediv__, left, right)

    def chain(self, node: ast.BinOp, operators: tuple[type[ast.operator], ...]) -> tuple[ast.expr, list[ast.BinOp]]:
        """The leftmost operand of a chain of equally binding operators, and its steps from left to right."""
        steps: list[ast.BinOp] = []
        place: ast.expr = node
        while isinstance(place, ast.BinOp) and isinstance(place.op, operators):
            steps.append(place)
            place = place.left
        if len(steps) > MAX_TERMS:
            raise ClaimError(f"a chain of more than {MAX_TERMS} operators", position=node.col_offset + 1)
        return place, steps[::-1]
