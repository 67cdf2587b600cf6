"""Random points of a statement: dimensions, an instance of every symbol, data, weights and functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from flint import fmpq, fmpq_mat

from symflow.expr.tree import Equation, Symbol
from symflow.refutation.instances import identity, instance
from symflow.refutation.palettes import SMALL, Palette
from symflow.refutation.points import Point, size_of
from symflow.refutation.programs import Program, prepare

FUNCTION_DEGREES = (3, 4, 5)


def draw(equation: Equation, sizes: Mapping[str, int], rng: Random, palette: Palette = SMALL) -> Point:
    """A random exact point of a statement at given dimensions, with one to three data points.

    >>> from symflow.expr.language import variable
    >>> x = variable(Symbol("x", "vector", ("n",)))
    >>> draw(x == x, {"n": 2}, Random(0)).values["x"][0].nrows()
    2
    """
    return draw_prepared(prepare(equation), sizes, rng, palette)


def draw_prepared(
    program: Program, sizes: Mapping[str, int], rng: Random, palette: Palette = SMALL, count: int | None = None
) -> Point:
    """:func:`draw` for a statement that is already prepared, with a given number of data points if wanted."""
    if count is None:
        count = rng.randint(1, 3) if program.sampled else 1
    values, functions = {}, {}
    for name, symbol in program.symbols.items():
        if symbol.kind == "function":
            functions[name] = draw_function(rng, palette)
        else:
            members = count if symbol.family else 1
            values[name] = tuple(draw_value(symbol, sizes, rng, palette) for _ in range(members))
    return Point(dict(sizes), values, draw_weights(count, rng, palette), functions)


def draw_value(symbol: Symbol, sizes: Mapping[str, int], rng: Random, palette: Palette) -> fmpq_mat:
    """A random instance of one symbol."""
    return instance(symbol.kind, *size_of(symbol.shape, sizes), rng, palette)


def draw_function(rng: Random, palette: Palette) -> tuple[fmpq, ...]:
    """The coefficients of a random polynomial of degree 3 to 5, so that second derivatives still vary."""
    degree = rng.choice(FUNCTION_DEGREES)
    return (*(palette.number(rng) for _ in range(degree)), palette.positive(rng))


def draw_weights(count: int, rng: Random, palette: Palette) -> tuple[fmpq, ...]:
    """Positive weights that do not sum to one, which would hide a missing factor."""
    while True:
        weights = tuple(palette.positive(rng) for _ in range(count))
        if sum(weights, start=fmpq(0)) != 1 or palette.positive_numbers == (fmpq(1),):
            return weights


def align(program: Program, point: Point, rng: Random) -> Point:
    """Replace free symbols by related ones, so that hypotheses such as AB = BA or Ax = 0 get a chance to hold.

    Square matrices of one size become polynomials of one matrix, scalar multiples of the identity, zero, or equal
    to each other; vectors become zero, equal or unit vectors.
    """
    common: dict[tuple[int, int], fmpq_mat] = {}
    for name, symbol in program.symbols.items():
        if symbol.kind not in ("matrix", "symmetric", "diagonal", "invertible", "vector", "scalar"):
            continue
        if rng.random() < 0.25:
            continue
        for member, old in enumerate(point.values[name]):
            shape = (old.nrows(), old.ncols())
            base = common.setdefault(shape, old)
            new = rng.choice(list(_relatives(symbol, base, rng)))
            if symbol.kind != "invertible" or new.det():
                point = point.with_value(name, member, new)
    return point


def _relatives(symbol: Symbol, base: fmpq_mat, rng: Random) -> Iterator[fmpq_mat]:
    rows, cols = base.nrows(), base.ncols()
    zero = fmpq_mat(rows, cols)
    yield zero
    k = fmpq(rng.choice((1, 1, 1, -1, 2)))
    if rows != cols or cols == 1:
        unit = fmpq_mat(rows, cols)
        unit[rng.randrange(rows), rng.randrange(cols)] = 1
        yield unit
        yield base * k
        return
    one = identity(rows)
    yield one * k
    source = base
    if symbol.kind in ("symmetric", "diagonal"):
        source = one * k
    yield source
    yield source * k + one
    yield source * source
    if source.det():
        yield source.inv()


def dimension_choices(program: Program, rng: Random) -> list[dict[str, int]]:
    """Sizes to try, in order: all 2, all 3, all different, all 1, all 4, then at random."""
    names = program.dimensions
    if not names:
        return [{}]
    choices = [dict.fromkeys(names, 2), dict.fromkeys(names, 3)]
    if len(names) > 1:
        cycle = [2, 3, 1, 4]
        choices.append({name: cycle[k % 4] for k, name in enumerate(names)})
        choices.append({name: cycle[(k + 1) % 4] for k, name in enumerate(reversed(names))})
    choices += [dict.fromkeys(names, 1), dict.fromkeys(names, 4)]
    if len(names) > 1:
        choices.append({name: rng.randint(1, 4) for name in names})
    return choices
