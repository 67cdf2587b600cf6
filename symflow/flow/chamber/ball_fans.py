"""Sliding walls tied by data that slide in two layers at once, in balls: the edges at which such a slide ends.

Their jumps do not add, so that there are no shares. Across the walls, in coordinates s = G w, w in the range of Gᵀ, the
cost is to first order the piecewise linear function f(s) = G_σ·w, G_σ = H_σθ - c_σ the gradient in the chamber σ. Where
f >= 0 zero is in the hull of these gradients, without their parts along the walls, and the slide goes on (``judging``);
f is nowhere negative if it is not on the rays that span the cones of a fan on which it is linear. On a ray it is an
affine function of θ, as a share is, with a root where the slide may end.

The fan here is the orthants of s, cut by the walls of the later layers behind every pattern of the earlier ones, by
double description in balls (as in ``symflow.flow.cones``). Rays that are on no wall are harmless: f is linear there,
and positive as long as it is on the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import flint

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_flow import BallFunction, function_of
from symflow.flow.chamber.ball_passing import ZERO
from symflow.flow.chamber.ball_patterns import BallNode, BallPatterns, Entries

MOST_CONES = 1024

Place = tuple[int, int]  # layer from 0, component


@dataclass(slots=True, eq=False)
class Ray:
    """A ray of length about one, and the last node of every class of data in one chamber that it belongs to."""

    s: list[Any]
    leaves: tuple[BallNode, ...] = ()


@dataclass(slots=True)
class _Cone:
    """The cone of its rays: for each the walls that it lies on, as bits; sides of the walls that cut it, by name."""

    rays: list[Ray]
    tight: list[int]
    sides: dict[tuple[int, int], int]


@dataclass(slots=True)
class _Class:
    """Data with the same pattern on the same walls: Σw, Σwx, Σwy; the number of the wall for every place at zero."""

    pattern: list[Entries]
    walls: dict[Place, int]
    sums: tuple[Any, Any, Any]


class BallFan:
    """The fan of a group of tied walls, of all with gradients G and w = back s; ``number`` tells a place its wall.

    Data tie no wall of the group to another one, so that s of the others is zero here. ``taken`` counts heights that
    are taken for zero.
    """

    def __init__(
        self, patterns: BallPatterns, G: Any, back: Any, group: list[int],
        number: dict[tuple[int, int, int], int], where: str,
    ) -> None:  # fmt: skip
        self.patterns, self.where, self.taken, self.bits = patterns, where, 0, len(group)
        self.G = flint.arb_mat([[G[wall, column] for column in range(patterns.n)] for wall in group])
        self.back = flint.arb_mat([[back[row, wall] for wall in group] for row in range(patterns.n)])
        own = {wall: place for place, wall in enumerate(group)}
        self.classes = self._classes({place: own[wall] for place, wall in number.items() if wall in own})
        self.fresh: dict[tuple[Ray, Ray, int, int], Ray] = {}
        rays = self._rays()
        self.w = [self.back * flint.arb_mat([[entry] for entry in ray.s]) for ray in rays]
        self.gained = [self._gained(ray, w) for ray, w in zip(rays, self.w, strict=True)]

    def edges(self) -> list[BallFunction]:
        """f on the rays, from H and c of the chamber with all that slides truncated."""
        H, c = self.patterns.H, self.patterns.c
        return [
            function_of(w.transpose() * H + row, value - (c.transpose() * w)[0, 0])
            for w, (row, value) in zip(self.w, self.gained, strict=True)
        ]

    def _gained(self, ray: Ray, w: Any) -> tuple[Any, Any]:
        """By how much f on a ray differs from what H and c with all truncated say."""
        row, value = flint.arb_mat(1, self.patterns.n), flint.arb(0)
        for kind, leaf in zip(self.classes, ray.leaves, strict=True):
            off = self.patterns.path(kind.pattern)[-1]
            if leaf is not off:
                total, moment, target = kind.sums
                row += w.transpose() * (leaf.gram - off.gram) * total
                force = leaf.force(moment, target) - off.force(moment, target)
                value -= (force.transpose() * w)[0, 0]
        return row, value

    def _classes(self, places: dict[tuple[int, int, int], int]) -> list[_Class]:
        of_datum: dict[int, dict[Place, int]] = {}
        for (layer, i, k), wall in places.items():
            of_datum.setdefault(i, {})[layer, k] = wall
        alike: dict[Any, list[int]] = {}
        for i, walls in of_datum.items():
            alike.setdefault((tuple(self.patterns.patterns[i]), tuple(sorted(walls.items()))), []).append(i)
        return [
            _Class(list(pattern), dict(walls), self.patterns.sums(members))
            for (pattern, walls), members in alike.items()
        ]

    def _rays(self) -> list[Ray]:
        """The rays of all cones, each once."""
        m = self.bits
        axes = [[Ray([flint.arb(sign * (row == axis)) for row in range(m)]) for axis in range(m)] for sign in (-1, 1)]
        everything = (1 << m) - 1
        tight = [everything & ~(1 << axis) for axis in range(m)]
        found: dict[Ray, None] = {}  # in order
        for signs in product((0, 1), repeat=m):
            start = _Cone([axes[sign][axis] for axis, sign in enumerate(signs)], tight, {})
            parts: list[tuple[_Cone, tuple[BallNode, ...]]] = [(start, ())]
            for kind in self.classes:
                parts = [
                    (part, (*leaves, leaf))
                    for cone, leaves in parts
                    for part, leaf in self._laid_out(cone, kind, signs)
                ]
                if len(parts) > MOST_CONES:
                    raise CertificateError(f"{self.where}: more than {MOST_CONES} chambers meet at tied walls")
            for cone, leaves in parts:
                for ray in cone.rays:
                    ray.leaves = leaves
                    found[ray] = None
        return list(found)

    def _laid_out(self, cone: _Cone, kind: _Class, signs: tuple[int, ...]) -> list[tuple[_Cone, BallNode]]:
        """The parts of a cone in which the data of a class have one pattern, with its last node."""
        own = self.patterns.path(kind.pattern)
        heads = [(cone, self.patterns.root)]
        for layer, entries in enumerate(kind.pattern):
            following = []
            here = sorted(k for at, k in kind.walls if at == layer)
            for head, node in heads:
                parts = [(head, entries)]
                for k in here:
                    wall = kind.walls[layer, k]
                    parts = [
                        (part, (*pattern[:k], side, *pattern[k + 1 :]))
                        for cone, pattern in parts
                        for part, side in ([(cone, signs[wall])] if node is own[layer] else self._cut(cone, node, k))
                    ]
                following += [(part, self.patterns.child(node, pattern)) for part, pattern in parts]
            heads = following
        return heads

    def _cut(self, cone: _Cone, node: BallNode, k: int) -> list[tuple[_Cone, int]]:
        """The parts of a cone on both sides of a wall, or the one that there is, with the entry of the pattern."""
        name = node.slot, k
        if name in cone.sides:
            return [(cone, cone.sides[name])]
        row = node.rows[k] * self.back
        if not node.rows[k].overlaps(row * self.G):
            raise CertificateError(f"{self.where}: a tied wall does not hold what the others have in common")
        heights = [sum((row[0, axis] * entry for axis, entry in enumerate(ray.s)), flint.arb(0)) for ray in cone.rays]
        sides = [self._side(height) for height in heights]
        bit = 1 << (len(cone.sides) + self.bits)
        held = [tight | (0 if side else bit) for tight, side in zip(cone.tight, sides, strict=True)]
        ahead, behind = ([at for at, side in enumerate(sides) if side == sign] for sign in (1, -1))
        rays, tight = [], []
        for p, q in product(ahead, behind):
            common = cone.tight[p] & cone.tight[q]
            if not any(common & ~other == 0 for at, other in enumerate(cone.tight) if at not in {p, q}):
                rays.append(self._between(cone.rays[p], cone.rays[q], heights[p], heights[q], name))
                tight.append(common | bit)
        parts = []
        for entry, sign in ((0, -1), (1, 1)):
            kept = [at for at, side in enumerate(sides) if side in {sign, 0}]
            if sign in sides:
                part = _Cone(
                    [*(cone.rays[at] for at in kept), *rays], [*(held[at] for at in kept), *tight],
                    {**cone.sides, name: entry},
                )  # fmt: skip
                parts.append((part, entry))
        if not parts:
            raise CertificateError(f"{self.where}: a tied wall does not depend on the state")
        return parts

    def _between(self, p: Ray, q: Ray, high: Any, low: Any, name: tuple[int, int]) -> Ray:
        """The ray of the plane of two others on a wall, the same for all cones that share the three."""
        key = p, q, *name
        if key not in self.fresh:
            s = [high * b - low * a for a, b in zip(p.s, q.s, strict=True)]
            length = max(float(abs(entry).upper()) for entry in s)
            self.fresh[key] = Ray([entry / length for entry in s])
        return self.fresh[key]

    def _side(self, height: Any) -> int:
        if height == 0:
            return 0
        if abs(height) < ZERO:
            self.taken += 1
            return 0
        if height > 0:
            return 1
        if height < 0:
            return -1
        raise CertificateError(f"{self.where}: a ray of tied walls is on no certain side of a wall")
