"""The separated flow of one direction in 50 digits, event after event: slow, plain, and no code of symflow in it."""

from __future__ import annotations

from bisect import bisect_right

import mpmath

CONTEXT = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.MPContext()
CONTEXT.dps = 50


class Reference:
    """``path`` holds (time, threshold, mass that drives from then on); exact data in, 50 digits out."""

    def __init__(self, points, weights, start, target):
        number = CONTEXT.mpf
        data = sorted((number(float(x)), number(w)) for x, w in zip(points, weights, strict=True))
        self.target = number(float(target))
        position, time = number(float(start)), number(0)
        mass = sum((w for x, w in data if x <= position), number(0))
        self.path = [(time, position, mass)]
        if mass == 0 or position == self.target:
            return
        if self.target > position:
            ahead = [(x, w, 1) for x, w in data if position < x < self.target]
        else:
            ahead = [(x, w, -1) for x, w in reversed(data) if self.target < x <= position]
        left = len([x for x, _ in data if x <= position])
        for x, w, sign in ahead:
            time += CONTEXT.log((self.target - position) / (self.target - x)) / mass  # theory C3, word for word
            position = x
            left += sign
            mass = mass + sign * w if left else number(0)
            self.path.append((time, position, mass))

    @property
    def times(self):
        return [time for time, _, _ in self.path[1:]]

    def threshold(self, time):
        time = CONTEXT.mpf(float(time))
        begun, position, mass = self.path[bisect_right([entry[0] for entry in self.path], time) - 1]
        return self.target + (position - self.target) * CONTEXT.exp(-mass * (time - begun))

    def speed(self, time):
        time = CONTEXT.mpf(float(time))
        mass = self.path[bisect_right([entry[0] for entry in self.path], time) - 1][2]
        return mass * (self.target - self.threshold(time))


def equal_weights(count):
    return [CONTEXT.mpf(1) / count] * count
