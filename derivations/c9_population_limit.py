"""C9. Any distribution of the data: F in q' = F(q) (q* - q) may be any function.

Source: theory C9.
Hypotheses: one direction; F a smooth function in the place of the empirical distribution function, such as that of a
population with a density. q and p flow with F and G from wherever they are.

What C4 and C5 say of the flow is in the first claims. C9.time is separation of variables: for a function T with
T'(q) F(q) (q* - q) = 1 the time that has passed is T(q(s)) - T(q(0)); F is written by T there. C9.cost: with the cost
E of the population, E' = F(q) (q - q*), the flow is gradient flow. C9.compare and C9.stable are how the flow depends
on the distribution: the logarithms of the two distances drift apart at the rate G(p) - F(q). Above the target, where
the farther of the two has the larger F, distributions within epsilon of each other, such as the empirical one of many
points and that of the population, keep them within epsilon s. Below the target the threshold that is ahead is the
faster one, and differences may grow as fast as F allows.
"""

from symflow import Derivation, along, grad, log

d = Derivation("The population limit", source="theory C9")
q, p, target = d.scalar("q"), d.scalar("p"), d.scalar("q_star")
F, G, T, E = d.function("F"), d.function("G"), d.function("T"), d.function("E")
velocity = d.define("v", F(q) * (target - q))

d.claim(
    "C9",
    along((target - q) ** 2, {q: velocity}) == -2 * F(q) * (target - q) ** 2,
    title="monotone approach, for every F >= 0",
)
d.claim(
    "C9.linear",
    grad(velocity, q) == F.d(q) * (target - q) - F(q),
    title="the linearisation; its first term vanishes at the target",
)
d.claim(
    "C9.time",
    along(T(q), {q: 1 / (T.d(q) * (target - q)) * (target - q)}) == 1,
    title="T(q) is the time",
)
flow = {q: velocity, p: G(p) * (target - p)}
d.claim(
    "C9.compare",
    along(log((target - q) / (target - p)), flow) == G(p) - F(q),
    title="distances under two distributions",
)
d.claim(
    "C9.stable",
    along((q - p) ** 2 / 2, flow) == -F(q) * (q - p) ** 2 + (q - p) * (F(q) - G(p)) * (target - p),
    title="the difference of two solutions",
)

d.assume(E.d(q) == F(q) * (q - target))
d.claim("C9.cost", along(E(q), {q: -grad(E(q), q)}) == -(F(q) ** 2) * (target - q) ** 2, title="gradient flow")
