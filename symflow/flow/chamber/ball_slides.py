"""Sliding walls in balls: the projection onto them, and the shares of their jumps that must stay inside (0, 1).

On walls with gradients g the velocity is Π(c - Hθ), Π the projection along the rows of g; the shares μ_l and d_l - μ_l
are affine functions of θ (see ``walls``). Walls that are tied by data sliding in two layers at once have edges instead,
which are affine functions too (``ball_fans``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import flint

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_bounds import identity, norm, spill
from symflow.flow.chamber.ball_fans import BallFan
from symflow.flow.chamber.ball_flow import BallFunction, function_of
from symflow.flow.chamber.ball_patterns import BallNode, BallPatterns
from symflow.flow.chamber.trajectory import SlidingWall


class Share(NamedTuple):
    """μ of a sliding wall, whose root ends the slide as truncated, or d - μ, whose root ends it as active."""

    wall: int
    active: bool

    @property
    def walls(self) -> tuple[int, ...]:
        """The wall, as for an edge."""
        return (self.wall,)


class Edge(NamedTuple):
    """f on a ray of the fan of walls that are tied, whose root ends the slide along that ray."""

    walls: tuple[int, ...]
    ray: int


End = Share | Edge


class BallSlide:
    """The walls that are slid on in a segment."""

    def __init__(self, patterns: BallPatterns, walls: tuple[SlidingWall, ...], where: str) -> None:
        self.patterns, self.walls = patterns, walls
        self.number = {(w.layer - 1, i, w.component): number for number, w in enumerate(walls) for i in w.data}
        self.held = set(self.number)  # the places that slide
        self.data = {i for _, i, _ in self.held}
        self.groups = _connected(_tied(walls))
        self.alone = [number for number in range(len(walls)) if all(number not in group for group in self.groups)]
        self.jumps: dict[int, tuple[Any, Any]] = {}  # d of the walls, when first asked for
        # by a node, the walls of all data that come to it: those without regard to the datum; at one point, all behind
        self.shared: dict[BallNode, set[tuple[int, int]]] = {}
        for layer, i, k in self.number:
            path = patterns.paths[i]
            for level in range(layer + 1):
                if path[level].point or (level == layer and path[level].blind[k]):
                    self.shared.setdefault(path[level], set()).add((layer, k))
        self.taken = 0  # data that are taken to be on one wall, to within the balls
        functions = [self._one_wall(wall, where) for wall in walls]
        self.rows = [function.row for function in functions]
        if walls:
            n = patterns.n
            self.G = flint.arb_mat([[row[0, column] for column in range(n)] for row in self.rows])
            self.offsets = flint.arb_mat([[function.offset] for function in functions])
            try:
                multipliers = (self.G * self.G.transpose()).solve(self.G)
            except ZeroDivisionError:
                raise CertificateError(f"{where}: the sliding walls have dependent normals") from None
            self.back = multipliers.transpose()
            self.lines = [flint.arb_mat(1, n, row) for row in multipliers.tolist()]
            self.onto = identity(n) - self.back * self.G
        self.fans = [BallFan(patterns, self.G, self.back, group, self.number, where) for group in self.groups]
        self.taken += sum(fan.taken for fan in self.fans)

    def goes_on(self, walls: tuple[SlidingWall, ...], changed: set[int]) -> bool:
        """Whether this is also the slide on ``walls`` after these data have changed their patterns."""
        return walls == self.walls and self.data.isdisjoint(changed)

    def project(self, state: Any) -> tuple[Any, float, float]:
        """(state, moved, off): an exact point next to the walls, how far it was moved, how far from them it may be."""
        if not self.walls:
            return state, 0.0, 0.0
        defect = self.back * (self.G * state + self.offsets)
        ball = state - defect
        return ball.mid(), norm(defect) + spill(ball), spill(ball)

    def generator(self) -> Any:
        """ΠHΠ."""
        if not self.walls:
            return self.patterns.H
        beside = self.patterns.H - (self.patterns.H * self.back) * self.G
        return beside - self.back * (self.G * beside)

    def velocity(self, state: Any) -> Any:
        """Π(c - Hθ)."""
        force = self.patterns.c - self.patterns.H * state
        return self.onto * force if self.walls else force

    def ends(self) -> dict[End, BallFunction]:
        """The functions that are positive as long as the slide goes on: μ and d - μ of every wall alone, and edges."""
        functions: dict[End, BallFunction] = {}
        for number in self.alone:
            line = self.lines[number]
            share, start = -(line * self.patterns.H), (line * self.patterns.c)[0, 0]
            if number not in self.jumps:
                self.jumps[number] = self.patterns.jump(self.walls[number], self.rows[number])
            row, offset = self.jumps[number]
            functions[Share(number, active=False)] = function_of(share, start)
            functions[Share(number, active=True)] = function_of(row - share, offset - start)
        for group, fan in zip(self.groups, self.fans, strict=True):
            functions.update({Edge(tuple(group), ray): edge for ray, edge in enumerate(fan.edges())})
        return functions

    def _one_wall(self, wall: SlidingWall, where: str) -> BallFunction:
        """The preactivation of all data of a wall."""
        layer, k, leader = wall.layer - 1, wall.component, wall.data[0]
        function = self.patterns.wall(leader, layer, k)
        key = self.patterns.same_wall(leader, layer, k)
        for i in wall.data[1:]:
            if self.patterns.same_wall(i, layer, k) != key:
                other = self.patterns.wall(i, layer, k)
                if not (function.row.overlaps(other.row) and function.offset.overlaps(other.offset)):
                    raise CertificateError(f"{where}: data that slide on one wall are at different ones")
                self.taken += 1
        return function


def _tied(walls: tuple[SlidingWall, ...]) -> list[set[int]]:
    """For the data that slide in several layers, the numbers of their walls."""
    if len({wall.layer for wall in walls}) < 2:
        return []
    places: dict[int, set[tuple[int, int]]] = {}
    for number, wall in enumerate(walls):
        for i in wall.data:
            places.setdefault(i, set()).add((wall.layer, number))
    several = dict.fromkeys(frozenset(place) for place in places.values() if len({layer for layer, _ in place}) > 1)
    return [{number for _, number in place} for place in several]


def _connected(sets: list[set[int]]) -> list[list[int]]:
    """The unions of sets that have elements in common, each sorted."""
    found: list[set[int]] = []
    for part in sets:
        whole = part.union(*(other for other in found if not part.isdisjoint(other)))
        found = [other for other in found if part.isdisjoint(other)] + [whole]
    return [sorted(part) for part in found]
