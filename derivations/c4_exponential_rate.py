"""C4. The distance of a threshold to its target decays exponentially, at the rate F(q), the truncated fraction.

Source: arXiv:2501.07400 (cluster-separated truncations); theory C4.
Hypotheses: one direction, q' = F(q) (q* - q); the distance is not zero.

log|q* - q| is written log((q* - q)^2)/2, for both signs. So the distance does not grow, and the sign of q* - q never
changes. C4.monotone: F is nondecreasing. For one data point u and two thresholds p and q, a = u - p and b = u - q
are its margins, 1 - step(a) and 1 - step(b) its contributions to F(p) and F(q), and the statement is
(F(q) - F(p)) (q - p) >= 0, data point by data point. So the rate grows with the threshold, hence with time where q*
is above; where q* is below, the threshold goes down, releases points one by one, and the rate falls.
"""

from symflow import Derivation, along, datasum, hadamard, log, relu, step

d = Derivation("The exponential rate", source="arXiv:2501.07400; theory C4")
Q = d.dim("Q")
q, target, u = d.scalar("q"), d.scalar("q_star"), d.scalar("u", over="i")
a, b = d.scalar("a"), d.scalar("b")
F = d.function("F")
distance = target - q

d.claim(
    "C4",
    along(log(distance**2) / 2, {q: F(q) * distance}) == -F(q),
    title="the logarithm of the distance falls at the rate F, for every function F",
)
fraction = d.define("F_u", datasum(1 - step(u - q), "i"))
d.claim(
    "C4.empirical",
    along(log(distance**2) / 2, {q: fraction * distance}) == -fraction,
    title="the same with the empirical distribution function",
)
p, goal = d.vector("p", Q), d.vector("p_star", Q)
d.claim(
    "C4.directions",
    along(log(hadamard(goal - p, goal - p)) / 2, {p: hadamard(F(p), goal - p)}) == -F(p),
    title="all directions at once",
)
d.claim(
    "C4.decreases",
    along(distance**2 / 2, {q: fraction * distance}) <= 0,
    by=datasum((1 - step(u - q)) ** 2, "i") * distance**2,
    title="the distance does not grow",
)
d.claim(
    "C4.monotone",
    ((1 - step(b)) - (1 - step(a))) * (a - b) >= 0,
    by=relu(a) * (1 - step(b)) ** 2 + relu(b) * (1 - step(a)) ** 2 + step(a) * relu(-b) + step(b) * relu(-a),
    title="F is nondecreasing",
)
