"""The plain choice at one wall: cross it or slide along it, all walls that are slid on staying so.

With walls l = 1..m, the new one last, N_lj = g_l·g_j (``normals``) and b_j = g_j·(c - Hθ) (``pushes``) for all of them
truncated, shares h give the normal velocities b_j - Σ_l N_jl d_l h_l. Modes are consistent if these are zero on the
slides, with 0 < h < 1, and point to the chosen side elsewhere. If all jumps d_l are positive exactly one choice is
consistent, because N diag(d) is then similar to a positive definite matrix; otherwise all 3^m are tried.
"""

from __future__ import annotations

from symflow.flow.chamber.compiling import lean
from symflow.flow.chamber.running import Room
from symflow.flow.chamber.stepping import eliminate

MOST_PLAIN = 4  # walls for which all choices are tried here
NOT_PLAIN_MODE = 9


@lean
def fill_shares(room: Room, m: int) -> None:
    """Fill in μ_l = h_l d_l of m walls: 0 or d_l off the slides, and on them what keeps the flow on the walls."""
    slides = 0
    for wall in range(m):
        room.shares[wall] = room.jumps[wall] if room.modes[wall] == 1 else 0.0
        if room.modes[wall] == 0:
            room.places[slides] = wall
            slides += 1
    for first in range(slides):
        place = room.places[first]
        total = room.pushes[place]
        for wall in range(m):
            if room.modes[wall] != 0:
                total -= room.normals[place, wall] * room.shares[wall]
        room.right[first, 0] = total
        for second in range(slides):
            room.matrix[first, second] = room.normals[place, room.places[second]]
    eliminate(room.matrix, room.right, slides, 1)
    for first in range(slides):
        room.shares[room.places[first]] = room.right[first, 0]


@lean
def try_modes(room: Room, m: int, tolerance: float) -> int:
    """1 if the modes (-1, 0, +1 for each wall) are consistent beyond doubt, 0 if not, 2 if roundoff decides."""
    fill_shares(room, m)
    doubt = False
    for wall in range(m):
        if room.modes[wall] == 0:
            low, high = room.shares[wall], room.jumps[wall] - room.shares[wall]
            if abs(low) <= tolerance or abs(high) <= tolerance:
                doubt = True
            elif (low > 0.0) != (high > 0.0):
                return 0
        else:
            normal = room.pushes[wall]
            for other in range(m):
                normal -= room.normals[wall, other] * room.shares[other]
            if abs(normal) <= tolerance:
                doubt = True
            elif (normal > 0.0) != (room.modes[wall] == 1):
                return 0
    return 2 if doubt else 1


@lean
def only_one(room: Room, m: int, tolerance: float) -> bool:
    """Whether exactly one of all 3^m choices is consistent, beyond doubt."""
    if m > MOST_PLAIN:
        return False
    consistent = 0
    for number in range(3**m):
        rest = number
        for wall in range(m):
            room.modes[wall] = rest % 3 - 1
            rest //= 3
        answer = try_modes(room, m, tolerance)
        if answer == 2:
            return False
        consistent += answer
    return consistent == 1


@lean
def choose(room: Room, m: int, tolerance: float, after: int) -> int:
    """Mode of the last of m walls, all earlier ones sliding on: ``after`` (crossed), 0, or NOT_PLAIN_MODE."""
    for wall in range(m - 1):
        room.modes[wall] = 0
    room.modes[m - 1] = after
    crossing = try_modes(room, m, tolerance)
    room.modes[m - 1] = 0
    sliding = try_modes(room, m, tolerance)
    if crossing == 2 or sliding == 2 or crossing + sliding != 1:
        return NOT_PLAIN_MODE
    if sliding == 1 and room.jumps[m - 1] <= tolerance:
        return NOT_PLAIN_MODE
    convex = True
    for wall in range(m):
        convex = convex and room.jumps[wall] > tolerance
    if m > 1 and not convex and not only_one(room, m, tolerance):
        return NOT_PLAIN_MODE
    return after if crossing == 1 else 0
