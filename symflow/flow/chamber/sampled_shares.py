"""For the checker: Filippov's shares of sliding walls at sampled times; a hull of gradients where jumps do not add."""

from __future__ import annotations

import numpy as np

from symflow.flow.chamber.inclusion import DIRECTIONS, distance_to_hull, neighbouring_patterns
from symflow.flow.chamber.inputs import FlowProblem
from symflow.network.arrays import Array

NEAR = 1e-12  # a velocity that is not in the hull to this share of the gradient asks for more directions


class SampledShares:
    """Jumps of the gradient at sliding walls, from the residuals v_L of the data on them (see ``sampling``)."""

    def __init__(self, problem: FlowProblem, between: list[Array]) -> None:
        self.problem, self.between = problem, between
        self.depth, self.width = problem.biases.shape
        self.around: dict[bytes, Array] = {}

    def take(self, masks: Array, slides: Array, v: Array, left: Array, turned: Array, share: Array) -> Array:
        """``left`` (segments, times, n) less the shares of the jumps; ``share`` becomes by how much they leave [0, 1].

        ``masks`` (segments, L, Q, N); ``slides`` rows of segment, wall, layer, datum, component; ``turned`` velocities.
        """
        left = left.copy()
        segments, walls, layers, data, components = slides.T
        pattern = masks[segments, :, :, data]
        residual = v[segments, :, :, data]
        active = pattern.copy()
        active[np.arange(len(slides)), layers, components] = True
        jumps = self._gradients(active, residual, data) - self._gradients(pattern, residual, data)
        count, most = masks.shape[0], int(walls.max()) + 1
        total = np.zeros((count, most, *jumps.shape[1:]))
        np.add.at(total, (segments, walls), jumps)
        for place in np.unique(segments):
            mine = segments == place
            if self._tied(layers[mine], data[mine]):
                base = left[place] - turned[place]
                left[place] = self._distances(masks[place], slides[mine], v[place], base, turned[place])
                continue
            number = int(walls[mine].max()) + 1
            J = total[place, :number].transpose(2, 1, 0)  # (times, n, walls)
            shares = -(np.linalg.pinv(J, rcond=1e-13) @ left[place][..., None])
            left[place] += (J @ shares)[..., 0]
            excess = np.maximum(0.0, np.maximum(-shares, shares - 1.0))[..., 0]
            share[place] = (excess * np.linalg.norm(J, axis=1)).max()
        return left

    def _gradients(self, patterns: Array, residual: Array, data: Array) -> Array:
        """What each datum adds to the gradient in the axes of the layers: (K, n, times), from v_L (K, Q, times)."""
        weights, v = self.problem.weights[data, None, None], residual
        parts = [weights * v] if self.problem.moving else []
        for layer in range(self.depth - 1, -1, -1):
            mask = patterns[:, layer, :, None]
            parts.insert(0, np.where(mask, 0.0, -weights * v))
            if layer:
                v = self.between[layer - 1].T @ (v * mask)
        return np.concatenate(parts, axis=1)

    def _tied(self, layers: Array, data: Array) -> bool:
        """Whether a datum slides in two layers at once."""
        return bool(np.unique(data * self.depth + layers).size > np.unique(data).size)

    def _distances(self, masks: Array, slides: Array, v: Array, base: Array, turned: Array) -> Array:
        """(times, 1) differences of -θ' from the hull of the gradients around; ``base`` is the one of the pattern."""
        active = masks.transpose(0, 2, 1)
        held = np.full(active.shape, -1)
        held[slides[:, 2], slides[:, 3], slides[:, 4]] = slides[:, 1]
        data = np.unique(slides[:, 3])
        residual = v[:, :, data].transpose(2, 0, 1)
        own = self._gradients(active[:, data].transpose(1, 0, 2), residual, data).sum(axis=0)
        distances = np.zeros(base.shape[0])
        for directions in DIRECTIONS:
            corners = np.array(
                [
                    self._gradients(pattern.transpose(1, 0, 2), residual, data).sum(axis=0) - own
                    for pattern in self._patterns(active, held, data, directions)
                ]
            )
            used = None
            for time in range(base.shape[0]):
                distances[time], used = distance_to_hull(corners[:, :, time] + base[time], -turned[time], used)
            if distances.max() <= NEAR * np.abs(base).max():
                break
        return distances[:, None] * np.ones(base.shape[1])

    def _patterns(self, active: Array, held: Array, data: Array, directions: int) -> Array:
        """(patterns, L, data, Q) of chambers around, kept for the next segment."""
        base, slid = active[:, data], held[:, data] >= 0
        key = directions.to_bytes(4) + base.tobytes() + slid.tobytes()
        if key not in self.around:
            self.around[key] = neighbouring_patterns(self.problem.rotations, base, slid, directions)
        return self.around[key]
