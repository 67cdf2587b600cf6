"""For the checker: preactivations, gradients and costs at sampled times of many segments at once.

Arrays are (segments, components, times, data). With u_ℓ = R_ℓ(z_{ℓ-1} + β_ℓ) and h_ℓ = ReLU(u_ℓ) by the pattern,

    u_1 = R_1 x + R_1 β_1,    u_{ℓ+1} = S_ℓ h_ℓ + R_{ℓ+1}(β_{ℓ+1} - β_ℓ),    S_ℓ = R_{ℓ+1} R_ℓᵀ,

the pulled back residuals R_ℓ p_ℓ = v_ℓ are v_L = h_L - R_L(β_L + ỹ - shift), v_{ℓ-1} = S_{ℓ-1}ᵀ H_ℓ v_ℓ, and the
gradient by R_ℓ β_ℓ is -Σ_i w_i (1 - H_ℓ) v_ℓ (theory B2).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from symflow.errors import CertificateError
from symflow.flow.chamber.sampled_shares import SampledShares
from symflow.flow.chamber.trajectory import ChamberTrajectory, Segment
from symflow.network.arrays import Array

ELEMENTS = 1 << 16  # of an array at a time: half a megabyte, which stays in the cache and is not mapped anew


class Sampler:
    """Goes through the segments in batches; ``times`` counts the times that were looked at."""

    def __init__(self, trajectory: ChamberTrajectory, samples: int, forever: float) -> None:
        self.trajectory, self.forever, self.times = trajectory, forever, 0
        problem = self.problem = trajectory.problem
        self.depth, self.width = problem.biases.shape
        self.count = problem.points.shape[0]
        self.inner = 0.5 - 0.5 * np.cos(np.pi * np.arange(samples + 2) / (samples + 1))
        rotations = problem.rotations
        self.between = [later @ earlier.T for earlier, later in pairwise(rotations)]
        self.rotated = np.ascontiguousarray(rotations[0] @ problem.points.T)
        self.goals = np.ascontiguousarray(rotations[-1] @ problem.targets.T)
        self.size = 1.0 + float(np.abs(problem.points).max())
        self.data_scale = float(problem.weights @ (np.abs(problem.targets) + np.abs(problem.points)).sum(axis=1))
        self.weight = float(problem.weights.sum())
        self.shares = SampledShares(problem, self.between)
        self.active = trajectory.start_pattern.transpose(0, 2, 1).copy()  # (L, Q, N)
        self.state, self.cost = problem.start, np.inf

    def run(self) -> Iterator[tuple[int, dict[str, Array]]]:
        """(number of the first segment, defects of all segments of the batch by name)."""
        segments = self.trajectory.segments
        batch = max(1, ELEMENTS // (self.count * self.width * self.inner.size))
        for first in range(0, len(segments), batch):
            yield first, self._defects(segments[first : first + batch], first)

    def _defects(self, segments: tuple[Segment, ...], first: int) -> dict[str, Array]:
        masks, slides = self._patterns(segments, first)
        theta, velocity = self._states(segments, first)
        count, times = theta.shape[:2]
        self.times += count * times
        size = self.size + np.abs(theta[:, 0]).max(axis=1)
        before = np.concatenate((self.state[None], theta[:-1, -1]))
        jumps = np.abs(theta[:, 0] - before).max(axis=1) / self.size
        self.state = theta[-1, -1]
        L, Q = self.depth, self.width
        beta = theta[:, :, : L * Q].reshape(count, times, L, Q)
        shift = theta[:, :, L * Q :] if self.problem.moving else np.zeros((count, times, Q))
        wrong, v = self._forward(masks, slides, beta, shift)
        cost = 0.5 * np.einsum("bqtn,bqtn,n->bt", v, v, self.problem.weights)
        earlier = np.concatenate(([self.cost], cost.ravel()[:-1])).reshape(count, times)
        rise = np.maximum(0.0, (cost - earlier) / (1.0 + cost)).max(axis=1)
        self.cost = float(cost[-1, -1])
        gradient = self._gradient(masks, v)
        turned = self._turned(velocity)
        left = turned + gradient
        scale = self.data_scale + self.weight * 2.0 * np.abs(theta[:, 0]).sum(axis=1) + 1e-300
        share = np.zeros(count)
        if slides.size:
            left = self.shares.take(masks, slides, v, left, turned, share)
        residual = np.abs(left).max(axis=(1, 2))
        return {
            "discontinuity": jumps, "residual": residual / scale, "wrong_side": wrong / size, "share": share / scale,
            "cost_increase": rise,
        }  # fmt: skip

    def _patterns(self, segments: tuple[Segment, ...], first: int) -> tuple[Array, Array]:
        """Masks (segments, L, Q, N), True for active, and what slides: (segment, wall, layer, datum, component)."""
        masks = np.empty((len(segments), *self.active.shape), dtype=bool)
        slides = [np.zeros((0, 5), dtype=np.int64)]
        for place, segment in enumerate(segments):
            if first + place:
                for change in segment.changes:
                    self.active[change.layer - 1, change.component, change.datum] = change.active
            masks[place] = self.active
            for number, wall in enumerate(segment.sliding):
                data = np.array(wall.data)
                if self.active[wall.layer - 1, wall.component, data].any():
                    raise CertificateError(f"segment {first + place}: a datum on a sliding wall is counted as active")
                rows = np.empty((data.size, 5), dtype=np.int64)
                rows[:] = place, number, wall.layer - 1, 0, wall.component
                rows[:, 3] = data
                slides.append(rows)
        return masks, np.concatenate(slides)

    def _states(self, segments: tuple[Segment, ...], first: int) -> tuple[Array, Array]:
        """θ and θ' at the sampled times, (segments, times, n)."""
        begin, end = np.array([(s.begin, s.end) for s in segments]).T
        rates, speeds = np.array([s.rates for s in segments]), np.array([s.velocity for s in segments])
        directions, theta = np.array([s.directions for s in segments]), np.array([s.theta for s in segments])
        # a difference of rounded times, as the segment itself takes it
        since = (begin[:, None] + (end - begin)[:, None] * self.inner) - begin[:, None]
        if first + len(segments) == len(self.trajectory.segments) and self.trajectory.status == "equilibrium":
            moving = rates[-1][speeds[-1] != 0.0]
            far = self.forever / max(float(moving.min()), 1e-6) if moving.size else 1.0
            since[-1] = np.concatenate(([0.0], np.geomspace(1e-3, 1.0, self.inner.size - 1) * far))
        rates = rates[:, None, :]
        positive = rates > 0.0
        safe = np.where(positive, rates, 1.0)
        decayed = -safe * since[:, :, None]
        grown = np.where(positive, -np.expm1(decayed) / safe, since[:, :, None])
        still = np.where(positive, np.exp(decayed), 1.0)
        across = directions.transpose(0, 2, 1)
        states = theta[:, None] + (grown * speeds[:, None]) @ across
        return states, (still * speeds[:, None]) @ across

    def _forward(self, masks: Array, slides: Array, beta: Array, shift: Array) -> tuple[Array, Array]:
        """The largest preactivation on the wrong side (segments,), and v_L."""
        count, times = beta.shape[:2]
        shape = count, self.width, times, self.count
        wrong = np.zeros(count)
        rotations = self.problem.rotations
        active = masks.astype(np.float64)  # once, instead of with every product
        signs = 2.0 * active - 1.0
        hidden, kept = np.empty(shape), np.empty(shape)
        for layer, rotation in enumerate(rotations):
            bias = beta[:, :, layer] - beta[:, :, layer - 1] if layer else beta[:, :, 0]
            shifted = (bias @ rotation.T).transpose(0, 2, 1)[..., None]
            if layer:
                flat = count, self.width, -1
                np.matmul(self.between[layer - 1], kept.reshape(flat), out=hidden.reshape(flat))
                hidden += shifted
            else:
                np.add(self.rotated[None, :, None], shifted, out=hidden)
            here, _, _, data, components = slides[slides[:, 2] == layer].T
            np.maximum.at(wrong, here, np.abs(hidden[here, components, :, data]).max(axis=1, initial=0.0))
            np.multiply(hidden, active[:, layer, :, None], out=kept)
            hidden *= signs[:, layer, :, None]
            wrong = np.maximum(wrong, -hidden.reshape(count, -1).min(axis=1))
        last = ((beta[:, :, -1] - shift) @ rotations[-1].T).transpose(0, 2, 1)[..., None]
        kept -= self.goals[None, :, None]
        kept -= last
        return wrong, kept

    def _gradient(self, masks: Array, v: Array) -> Array:
        """The gradient by R_1 β_1, …, R_L β_L and, turned by R_L, by a moving output bias: (segments, times, n)."""
        count, weights = v.shape[0], self.problem.weights
        parts = [(v @ weights).transpose(0, 2, 1)] if self.problem.moving else []
        for layer in range(self.depth - 1, -1, -1):
            mask = masks[:, layer]
            truncated = np.where(mask, 0.0, weights)[..., None]
            parts.insert(0, -(v @ truncated)[..., 0].transpose(0, 2, 1))
            if layer:
                kept = (v * mask.astype(np.float64)[:, :, None]).reshape(count, self.width, -1)
                v = (self.between[layer - 1].T @ kept).reshape(v.shape)
        return np.concatenate(parts, axis=2)

    def _turned(self, vectors: Array) -> Array:
        """Vectors like θ in the axes of the layers, (·, n)."""
        L, Q = self.depth, self.width
        shape = vectors.shape[:-1]
        layers = vectors[..., : L * Q].reshape(*shape, L, Q)
        flat: Array = np.einsum("lkq,...lq->...lk", self.problem.rotations, layers).reshape(*shape, L * Q)
        if not self.problem.moving:
            return flat
        return np.concatenate((flat, vectors[..., L * Q :] @ self.problem.rotations[-1].T), axis=-1)
