"""Chambers in ball arithmetic: patterns and moments, the linear flow, and the functions that must stay positive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint

from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.chamber.trajectory import PatternChange, SlidingWall
from symflow.network.arrays import Array

Pattern = tuple[tuple[int, ...], ...]
CLOSE = 1e-9  # of the data of one group, those within this of the first one are followed: roundoff is far smaller


@dataclass(frozen=True, slots=True)
class BallFunction:
    """f(θ) = row · θ + offset, to stay positive."""

    row: Any
    offset: Any
    size: Any  # |row|

    def value(self, state: Any) -> Any:
        """f."""
        return (self.row * state)[0, 0] + self.offset

    def slope(self, chamber: BallChamber, state: Any) -> Any:
        """f' along the flow."""
        return (self.row * chamber.velocity(state))[0, 0]

    def bend(self, chamber: BallChamber, state: Any) -> Any:
        """Bound of |f''| from here on."""
        return self.size * chamber.size * norm(chamber.velocity(state))

    def rests(self, chamber: BallChamber, zero: float) -> bool:
        """Whether f is zero from the start on, with f' and f'', to the last ball: a wall at rest."""
        velocity = chamber.velocity(chamber.theta)
        second = (self.row * (chamber.M * velocity))[0, 0]
        slope = (self.row * velocity)[0, 0]
        return all(bool(abs(entry) < zero) for entry in (self.value(chamber.theta), slope, second))

    def free_for(self, chamber: BallChamber, state: Any, *, at_start: bool, zero: float) -> Any:
        """A time for which f stays positive; None if f is not positive. At the start f may be zero and leave it."""
        value, slope, bend = self.value(state), self.slope(chamber, state), self.bend(chamber, state)
        low = value.lower()
        met = at_start and abs(value) < zero
        if met:
            low = flint.arb(0)
        elif not low > 0:
            return None
        if not bend > 0:
            return flint.arb("inf") if slope.lower() >= 0 else -low / slope.lower()
        rise = slope.lower()
        if met and abs(slope) < zero:
            velocity = chamber.velocity(state)
            second = (self.row * (chamber.M * velocity))[0, 0] * -1
            third = bend * chamber.size
            return 3 * second.lower() / third.upper() if second > 0 else None
        if met and not rise > 0:
            return None
        root = (rise * rise + 2 * bend * low).sqrt()
        step = (rise + root) / bend if rise > 0 else 2 * low / (root - rise)
        return step.lower()


@dataclass(slots=True)
class BallChamber:
    """θ' = -Π(Hθ - c) from a start θ, through exp of ((-M, v), (0, 0))."""

    theta: Any
    M: Any
    v: Any
    block: Any
    size: Any  # |M|
    functions: list[BallFunction]
    tied: bool

    def at(self, time: Any) -> Any:
        """θ after a time."""
        n = self.theta.nrows()
        flow = (self.block * time).exp()
        return self.theta + flint.arb_mat([[flow[row, n]] for row in range(n)])

    def velocity(self, state: Any) -> Any:
        """θ' at a state of this flow."""
        return self.v - self.M * (state - self.theta)


class BallPatterns:
    """The data with their patterns; sums over equal patterns are kept up to date."""

    def __init__(self, problem: FlowProblem, active: Array) -> None:
        self.problem = problem
        self.depth, self.width = problem.biases.shape
        self.n = problem.start.size
        self.rotations = [_orthogonal(rotation) for rotation in problem.rotations]
        self.points = [flint.arb_mat([[value] for value in row]) for row in problem.points.tolist()]
        self.targets = [flint.arb_mat([[value] for value in row]) for row in problem.targets.tolist()]
        self.active = active.copy()
        self.maps: dict[Pattern, tuple[Any, Any]] = {}
        self.moments: dict[Pattern, list[Any]] = {}
        self.members: dict[Pattern, set[int]] = {}
        for i in range(len(self.points)):
            self._move(i, 1)

    def pattern(self, i: int, layers: int) -> Pattern:
        """Pattern of a datum in the first layers."""
        return tuple(tuple(int(entry) for entry in self.active[layer, i]) for layer in range(layers))

    def change(self, changes: tuple[PatternChange, ...]) -> None:
        """Change entries of patterns."""
        for change in changes:
            self._move(change.datum, -1)
            self.active[change.layer - 1, change.datum, change.component] = change.active
            self._move(change.datum, 1)

    def map(self, pattern: Pattern) -> tuple[Any, Any]:
        """(A, B) with z_ℓ = A x + B θ."""
        if pattern in self.maps:
            return self.maps[pattern]
        if not pattern:
            result = identity(self.width), flint.arb_mat(self.width, self.n)
        else:
            A, B = self.map(pattern[:-1])
            layer = len(pattern) - 1
            P = flint.arb_mat(self.width, self.width)
            rotation = self.rotations[layer]
            for k, entry in enumerate(pattern[-1]):
                if entry:
                    row = flint.arb_mat([[rotation[k, column] for column in range(self.width)]])
                    P = P + row.transpose() * row
            result = P * A, P * B - (identity(self.width) - P) * self._block(layer)
        self.maps[pattern] = result
        return result

    def wall(self, i: int, layer: int, k: int) -> tuple[Any, Any]:
        """(row, offset) of the preactivation of a datum under its pattern."""
        A, B = self.map(self.pattern(i, layer))
        rotation = flint.arb_mat([[self.rotations[layer][k, column] for column in range(self.width)]])
        return rotation * (B + self._block(layer)), (rotation * A * self.points[i])[0, 0]

    def residual_map(self, pattern: Pattern) -> tuple[Any, Any]:
        """(A, B) of the residual z_L - ỹ + shift."""
        A, B = self.map(pattern)
        return A, B + self._block(self.depth) if self.problem.moving else B

    def chamber(self, theta: Any, sliding: tuple[SlidingWall, ...]) -> BallChamber:
        """The flow from θ with the current patterns and these sliding walls."""
        H, c = flint.arb_mat(self.n, self.n), flint.arb_mat(self.n, 1)
        for pattern, (weight, moment, target) in self.moments.items():
            A, B = self.residual_map(pattern)
            H = H + B.transpose() * B * weight
            c = c + B.transpose() * (target - A * moment)
        held = {(wall.layer - 1, i, wall.component) for wall in sliding for i in wall.data}
        functions = self._walls(held)
        onto = identity(self.n)
        slid: dict[int, set[int]] = {}
        for wall in sliding:
            for i in wall.data:
                slid.setdefault(i, set()).add(wall.layer)
        tied = any(len(layers) > 1 for layers in slid.values())
        if sliding:
            rows = [self.wall(wall.data[0], wall.layer - 1, wall.component)[0] for wall in sliding]
            G = flint.arb_mat([[row[0, column] for column in range(self.n)] for row in rows])
            multipliers = (G * G.transpose()).solve(G)
            onto = onto - G.transpose() * multipliers
            for number, wall in enumerate(sliding):
                if any(len(slid[i]) > 1 for i in wall.data):
                    continue
                row, offset = self._jump(wall, rows[number])
                share = [-(multipliers * H)[number, column] for column in range(self.n)]
                start = (multipliers * c)[number, 0]
                functions.append(_function(flint.arb_mat([share]), start))
                rest = flint.arb_mat([[row[0, column] - share[column] for column in range(self.n)]])
                functions.append(_function(rest, offset - start))
        M = onto * H * onto
        v = onto * (c - H * theta)
        block = flint.arb_mat(self.n + 1, self.n + 1)
        for row in range(self.n):
            for column in range(self.n):
                block[row, column] = -M[row, column]
            block[row, self.n] = v[row, 0]
        size = flint.arb(0)
        for entry in M.entries():
            size += entry * entry
        return BallChamber(theta, M, v, block, (size + flint.arb(2) ** -300).sqrt(), functions, tied)

    def _walls(self, held: set[tuple[int, int, int]]) -> list[BallFunction]:
        """The walls next to the state in every group; all others of the group lie behind them."""
        functions = []
        for layer in range(self.depth):
            groups: dict[Pattern, list[int]] = {}
            for pattern, members in self.members.items():
                groups.setdefault(pattern[:layer], []).extend(members)
            for prefix, inside in groups.items():
                A, _ = self.map(prefix)
                rotated = [
                    [float((self.rotations[layer] * A)[k, column].mid()) for column in range(self.width)]
                    for k in range(self.width)
                ]
                for k in range(self.width):
                    free = [i for i in inside if (layer, i, k) not in held]
                    about = {i: float(self.problem.points[i] @ rotated[k]) for i in free}
                    for side, sign in ((1, 1.0), (0, -1.0)):
                        chosen = [i for i in free if int(self.active[layer, i, k]) == side]
                        if not chosen:
                            continue
                        first = min(sign * about[i] for i in chosen)
                        seen: set[tuple[float, ...]] = set()
                        for i in chosen:
                            if sign * about[i] <= first + CLOSE:
                                row, offset = self.wall(i, layer, k)
                                key = (float(offset.mid()),)
                                if key in seen and float(abs(offset).mid()) == 0.0:
                                    continue
                                seen.add(key)
                                functions.append(_function(row * flint.arb(sign), offset * flint.arb(sign)))
        return functions

    def _jump(self, wall: SlidingWall, row: Any) -> tuple[Any, Any]:
        """d of a sliding wall, (row, offset)."""
        length = (row * row.transpose())[0, 0]
        total, value = flint.arb_mat(1, self.n), flint.arb(0)
        for i in wall.data:
            off = self.pattern(i, self.depth)
            on = tuple(
                tuple(1 if (layer, k) == (wall.layer - 1, wall.component) else entry for k, entry in enumerate(entries))
                for layer, entries in enumerate(off)
            )
            A, B = self.residual_map(off)
            direction = ((self.residual_map(on)[1] - B) * row.transpose()).transpose() * (
                flint.arb(float(self.problem.weights[i])) / length
            )
            total = total + direction * B
            value += (direction * (A * self.points[i] - self.targets[i]))[0, 0]
        return total, value

    def _move(self, i: int, sign: int) -> None:
        pattern = self.pattern(i, self.depth)
        members = self.members.setdefault(pattern, set())
        weight = flint.arb(float(self.problem.weights[i]) * sign)
        if sign > 0:
            members.add(i)
        else:
            members.discard(i)
        old = self.moments.get(pattern)
        if not members:
            self.members.pop(pattern)
            self.moments.pop(pattern, None)
        elif old is None:
            self.moments[pattern] = [weight, self.points[i] * weight, self.targets[i] * weight]
        else:
            old[0], old[1], old[2] = (
                old[0] + weight,
                old[1] + self.points[i] * weight,
                old[2] + self.targets[i] * weight,
            )

    def _block(self, layer: int) -> Any:
        """E_ℓ: the bias of a layer within θ."""
        result = flint.arb_mat(self.width, self.n)
        for k in range(self.width):
            result[k, layer * self.width + k] = flint.arb(1)
        return result


def identity(n: int) -> Any:
    """The identity matrix."""
    return flint.arb_mat([[int(row == column) for column in range(n)] for row in range(n)])


def norm(vector: Any) -> Any:
    """Euclidean length of a column, as an upper bound that is never zero."""
    total = flint.arb(2) ** -600
    for entry in vector.entries():
        total += entry * entry
    return total.sqrt()


def _function(row: Any, offset: Any) -> BallFunction:
    return BallFunction(row, offset, norm(row.transpose()))


def _orthogonal(rotation: Array) -> Any:
    """The orthogonal matrix next to a float one: Newton's iteration X (3 - XᵀX)/2 down to the working precision."""
    X = flint.arb_mat(rotation.tolist())
    unit = identity(rotation.shape[0]) * 3
    steps = 2
    while 2.0**steps * 30 < flint.ctx.prec * 2:
        steps += 1
    for _ in range(steps):
        X = X * (unit - X.transpose() * X) * flint.arb(0.5)
        X = flint.arb_mat([[X[row, column].mid() for column in range(X.ncols())] for row in range(X.nrows())])
    return X
