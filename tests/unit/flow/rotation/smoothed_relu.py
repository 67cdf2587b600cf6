"""The gradient flow of a smooth network that tends to ReLU's: it has no walls, so nothing to decide there."""

import numpy as np
from scipy.integrate import solve_ivp


def smoothed(arguments, t_max, width):
    """Gradient flow for ReLU replaced by (u + √(u² + w²))/2, in the entries of β and R, by Radau; typed anew."""
    x, labels, goals, biases, rotations = arguments
    (L, Q), N, y = biases.shape, len(x), goals[labels]

    def velocity(_, state):
        b, R = state[: L * Q].reshape(L, Q), state[L * Q :].reshape(L, Q, Q)
        z, before = x, []
        for m in range(L):
            u = (z + b[m]) @ R[m].T
            root = np.sqrt(u**2 + width**2)
            before.append((u, (u + root) / 2, (1 + u / root) / 2))
            z = before[-1][1] @ R[m] - b[m]
        p, b_dot, R_dot = z - y, np.empty_like(b), np.empty_like(R)
        for m in range(L - 1, -1, -1):
            u, s, D = before[m]
            v = p @ R[m].T
            below = (D * v) @ R[m]
            b_dot[m] = (p - below).mean(axis=0)
            X = (v.T @ s - (D * v).T @ u) / N
            R_dot[m] = (X - X.T) / 2 @ R[m]
            p = below
        return np.append(b_dot, R_dot)

    start = np.append(biases.ravel(), np.asarray(rotations, dtype=float).ravel())
    end = solve_ivp(velocity, (0, t_max), start, method="Radau", rtol=1e-8, atol=1e-10).y[:, -1]
    return end[: L * Q].reshape(L, Q), end[L * Q :].reshape(L, Q, Q)
