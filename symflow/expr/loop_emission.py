"""From a lowered expression to the lines of a function: one rule an operation, loops where sums are.

What does not depend on the data is computed before the loop over the data. Arrays are made once, at the top, and only
for vectors and matrices that are needed more often than once; the result is written into ``out`` as it is formed.
"""

# ruff: noqa: ARG002  # a table calls every rule with the same arguments

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from symflow.errors import UnsupportedError
from symflow.expr.loop_text import ATOM, ONE, SIGN, ZERO, Text, minus, over, plus, times
from symflow.expr.loop_values import Form, Value, added, as_matrix, combined, mapped
from symflow.expr.loop_writing import OUT, LoopWriter
from symflow.expr.numpy_emission import WEIGHTS, symbol_form
from symflow.expr.shapes import SCALAR
from symflow.expr.tree import ENTRYWISE, Expr

PLACES = "places"
_FIXES_ZERO = frozenset({"sqrt", "sin", "tanh", "relu", "step"})


class Emission(LoopWriter):
    """The lines of one function; ``count`` is the name of the number of data."""

    def __init__(self, taken: set[str], count: str, *, weighted: bool, selected: bool) -> None:
        super().__init__(taken)
        self.count = count
        self.weighted, self.selected = weighted, selected
        self.known: list[dict[Expr, Value]] = [{}]
        self.data: dict[str, str] = {}  # data index: the variable of its loop
        self.shared: set[Expr] = set()
        self.counts = False  # whether the number of data is asked for

    def finish(self, expr: Expr) -> None:
        """Everything up to the end of the function: the result into ``out``, or returned where it is a scalar."""
        self.row = expr.op == "transpose" and expr.shape[0] == 1
        node = expr.args[0] if self.row else expr
        self.shared = _shared(node)
        if node.op == "datasum" and node.shape != SCALAR:
            name, form = self._summed(node, OUT)
            if name == OUT:
                return
            value = self.held(name, form, node.shape)
        else:
            value = self.value(node)
        if value.form == "scalar":
            self.line(f"return {value.at().text}")
        else:
            self.store(value, OUT)

    # values

    def value(self, node: Expr) -> Value:
        """The value of a node, computed once for each loop over data that it depends on."""
        for known in reversed(self.known):
            if node in known:
                return known[node]
        value = self._entrywise(node) if node.op in ENTRYWISE else self._by_rule(node)
        if node in self.shared:
            value = self.kept(value)
        self.known[-1][node] = value
        return value

    def _by_rule(self, node: Expr) -> Value:
        rule = getattr(self, f"_{node.op}", None)
        if rule is None:
            raise UnsupportedError(f"{node.op} has no code in loops; take report.lambdify() for it")
        value: Value = rule(node)
        if value.form == "scalar" and value.dear:
            return self.named(value)
        return value

    # leaves

    def _symbol(self, node: Expr) -> Value:
        symbol, index = node.data
        form: Form = symbol_form(symbol.kind, node.shape)  # type: ignore[assignment]  # a key of RANK
        if index is not None and index not in self.data:
            raise UnsupportedError(f"{symbol.name}[{index}] stands outside of a datasum over {index}")
        lead = [] if index is None else [self.data[index]]

        def at(*indices: str) -> Text:
            inside = ", ".join([*lead, *indices])
            return Text(f"{symbol.name}[{inside}]" if inside else symbol.name)

        return Value(form, node.shape, at)

    def _number(self, node: Expr) -> Value:
        value: Fraction = node.data
        try:
            number = float(abs(value))
        except OverflowError:
            raise UnsupportedError("a number of the expression is beyond the range of floats") from None
        text = Text(repr(number))
        return Value("scalar", SCALAR, lambda: minus(text) if value < 0 else text)

    def _eye(self, node: Expr) -> Value:
        if node.shape == SCALAR:
            return Value("scalar", SCALAR, lambda: ONE)
        return Value("diagonal", node.shape, lambda _a: ONE)

    def _zeros(self, node: Expr) -> Value:
        form: Form = "scalar" if node.shape == SCALAR else "column" if node.shape[1] == 1 else "matrix"
        return Value(form, node.shape, lambda *_at: ZERO if node.op == "zeros" else ONE)

    _ones = _zeros

    def _total_weight(self, node: Expr) -> Value:
        if not self.weighted:
            self.counts = not self.selected
            count = f"{PLACES}.size" if self.selected else self.count
            return Value("scalar", SCALAR, lambda: Text(f"float({count})"))
        total = self.fresh("t")
        self.line(f"{total} = 0.0")
        with self._over_data("i") as i:
            self.line(f"{total} += {WEIGHTS}[{i}]")
        return Value("scalar", SCALAR, lambda: Text(total))

    # entry by entry

    def _add(self, node: Expr) -> Value:
        total = self.value(node.args[0])
        for term in node.args[1:]:
            total = added(plus, total, self.value(term))
        return total

    def _neg(self, node: Expr) -> Value:
        return mapped(minus, self.value(node.args[0]), 0)

    def _mul(self, node: Expr) -> Value:
        x, y = map(self.value, node.args)
        if y.form == "scalar" and x.form != "scalar":
            x, y = y, x
        factor = self.kept(x).at()
        return mapped(lambda entry: times(factor, entry), y)

    def _div(self, node: Expr) -> Value:
        x, y = self.value(node.args[0]), self.kept(self.value(node.args[1]))
        return mapped(lambda entry: over(entry, y.at()), x)

    def _hadamard(self, node: Expr) -> Value:
        x, y = map(self.value, node.args)
        if node.args[0].same(node.args[1]):
            x = y = self.kept(x)
        if x.form != y.form:  # a diagonal one makes the product diagonal
            x, y = self._along(x, "diagonal"), self._along(y, "diagonal")
        return combined(times, x, y)

    def _pow(self, node: Expr) -> Value:
        exponent: int = node.data
        value = mapped(lambda x: Text(f"{x.at(ATOM)} ** {exponent}", SIGN), self.value(node.args[0]))
        return value if exponent in (1, 2) else self.kept(Value(value.form, value.shape, value.at, 9))

    def _inv(self, node: Expr) -> Value:
        return mapped(lambda x: over(ONE, x), self.value(node.args[0]), 3)

    def _entrywise(self, node: Expr) -> Value:
        x = self.value(node.args[0])
        if node.op not in _FIXES_ZERO:
            x = as_matrix(x)

        def change(entry: Text) -> Text:
            if node.op == "relu":
                return Text(f"max({entry.text}, 0.0)")
            if node.op == "step":
                return Text(f"(1.0 if {entry.text} > 0.0 else 0.0)")
            return Text(f"np.{node.op}({entry.text})")

        value = Value(x.form, x.shape, lambda *at: change(x.at(*at)), x.cost + 9, x.sums)
        return self.named(value) if value.form == "scalar" else value

    # products

    def _matmul(self, node: Expr) -> Value:
        x, y = map(self.value, node.args)
        if x.form == "diagonal":
            if y.form == "matrix":
                d = self.kept(x)
                return Value("matrix", node.shape, lambda a, b: times(d.at(a), y.at(a, b)), d.cost + y.cost + 1, y.sums)
            return Value(y.form, node.shape, lambda a: times(x.at(a), y.at(a)), x.cost + y.cost + 1, x.sums or y.sums)
        if y.form == "diagonal":
            d = self.kept(y)
            return Value("matrix", node.shape, lambda a, b: times(x.at(a, b), d.at(b)), x.cost + d.cost + 1, x.sums)
        x, y = x if y.form == "column" else self.kept(x), self.kept(y)
        middle = node.args[0].shape[1]

        def at(*ends: str) -> Text:
            return self.total(middle, lambda k: times(x.at(ends[0], k), y.at(k, *ends[1:])))

        return Value(y.form, node.shape, at, x.cost + y.cost + 1, True)

    def _solve(self, node: Expr) -> Value:
        x, y = map(self.value, node.args)  # of a diagonal matrix: other inverses are arguments
        return combined(over, y, Value("column", y.shape, x.at, x.cost + 3, x.sums))

    def _outer(self, node: Expr) -> Value:
        u, v = (self.kept(self.value(argument)) for argument in node.args)
        return Value("matrix", node.shape, lambda a, b: times(u.at(a), v.at(b)), u.cost + v.cost + 1)

    def _dot(self, node: Expr) -> Value:
        x, y = map(self.value, node.args)
        if x.form == "scalar":
            return combined(times, x, y)
        if node.args[0].same(node.args[1]):
            x = y = self.kept(x) if x.cost else x
        if x.form != y.form:
            x, y = self._along(x, "column"), self._along(y, "column")
        rows, columns = x.shape
        if x.form != "matrix":
            total = self.total(rows, lambda a: times(x.at(a), y.at(a)))
            return Value("scalar", SCALAR, lambda: total)
        sum_of_rows = self.total(rows, lambda a: self.total(columns, lambda b: times(x.at(a, b), y.at(a, b))))
        return Value("scalar", SCALAR, lambda: sum_of_rows)

    # one matrix

    def _transpose(self, node: Expr) -> Value:
        x = self.value(node.args[0])
        if x.form != "matrix":
            return x
        dense = x.dense
        return Value(
            "matrix", node.shape, lambda a, b: x.at(b, a), x.cost, x.sums,
            None if dense is None else lambda a, b: dense(b, a), x.along,
        )  # fmt: skip

    def _skew(self, node: Expr) -> Value:
        sign = minus if node.op == "skew" else lambda entry: entry
        x = self.kept(self.value(node.args[0]))
        if x.form != "matrix":
            return x if node.op == "sym" else Value(x.form, x.shape, lambda *_at: ZERO)
        half = Text("0.5")

        def at(a: str, b: str) -> Text:
            return times(half, plus(x.at(a, b), sign(x.at(b, a))))

        return Value("matrix", node.shape, at, 2 * x.cost + 2)

    _sym = _skew

    def _tr(self, node: Expr) -> Value:
        x = self.value(node.args[0])
        diagonal = self._along(x, "diagonal")
        if x.form == "diagonal" and x.at("0") == ONE:
            return Value("scalar", SCALAR, lambda: Text(f"float({x.shape[0]})"))
        total = self.total(x.shape[0], diagonal.at)
        return Value("scalar", SCALAR, lambda: total)

    def _diag(self, node: Expr) -> Value:
        x = self.value(node.args[0])
        return x if x.form == "scalar" else Value("diagonal", node.shape, x.at, x.cost, x.sums)

    def _diagpart(self, node: Expr) -> Value:
        return self._along(self.value(node.args[0]), "column")

    def _along(self, x: Value, form: Form) -> Value:
        """The diagonal of a matrix; columns and diagonals of one another."""
        shape = (x.shape[0], 1) if form == "column" else x.shape
        if x.form == "matrix":
            return Value(form, shape, lambda a: x.at(a, a), x.cost, x.sums)
        return x if x.form == "scalar" else Value(form, shape, x.at, x.cost, x.sums)

    # data

    @contextmanager
    def _over_data(self, index: str) -> Iterator[str]:
        """The loop over all data, or over the selected ones."""
        name = index if index not in self.taken and index not in self.data.values() else self.fresh(index)
        outer = self.data.get(index)
        if self.selected:
            place = self.fresh("place")
            self.line(f"for {place} in range({PLACES}.size):")
            self.depth += 1
            self.line(f"{name} = {PLACES}[{place}]")
        else:
            self.counts = True
            self.line(f"for {name} in range({self.count}):")
            self.depth += 1
        self.data[index] = name
        self.known.append({})
        yield name
        self.known.pop()
        if outer is None:
            del self.data[index]
        else:
            self.data[index] = outer
        self.depth -= 1

    def _datasum(self, node: Expr) -> Value:
        if node.shape == SCALAR:
            (body,), index = node.args, node.data
            self._hoist(body, index)
            total = self.fresh("t")
            self.line(f"{total} = 0.0")
            with self._over_data(index) as i:
                self.increase(total, times(self._weight(i), self.value(body).at()))
            return Value("scalar", SCALAR, lambda: Text(total))
        name, form = self._summed(node, None)
        return self.held(name, form, node.shape)

    def _summed(self, node: Expr, target: str | None) -> tuple[str, Form]:
        """A data sum of columns or matrices, in the target unless it is diagonal: its array and its form."""
        (body,), index = node.args, node.data
        self._hoist(body, index)
        before, indent = len(self.lines), "    " * self.depth
        with self._over_data(index) as i:
            value = self.value(body)
            name = self.array(value.form, value.shape) if target is None or value.form == "diagonal" else target
            self.store(value, name, onto=True, factor=self._weight(i))
        self.lines.insert(before, f"{indent}{name}[:] = 0.0")
        return name, value.form

    def _weight(self, i: str) -> Text:
        return Text(f"{WEIGHTS}[{i}]") if self.weighted else ONE

    def _hoist(self, body: Expr, index: str) -> None:
        """Compute before the loop what is dear and does not depend on its data."""
        if index not in body.free and body.free <= self.data.keys():
            self.known[-1][body] = self.kept(self.value(body))
            return
        for argument in body.args:
            self._hoist(argument, index)


def _shared(expr: Expr) -> set[Expr]:
    """The parts that stand in several places of an expression."""
    parts = set(expr.walk())
    uses = Counter(argument for part in parts for argument in part.args)
    return {part for part, count in uses.items() if count > 1}
