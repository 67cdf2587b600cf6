"""F5. Gradient descent with step eta in place of the flow: 1 - eta nu in place of e^(-eta nu).

Source: theory F5.
Hypotheses: F5.layer: a chamber, a single adapted layer, one target y, nu the diagonal matrix of truncated fractions;
c_n = q* - q after n steps in one direction. F5.everywhere needs no chamber: F may be any function of q.

Stability: by F5.stable the distance shrinks exactly if 0 < eta nu < 2; at eta nu = 2 it changes its sign, and no
more. As no fraction exceeds the weight of the cluster, eta < 2 is enough for weights 1/N, across all walls
(F5.everywhere). Distance to the flow: delta = e^(-eta nu) - (1 - eta nu) vanishes with its first derivative at eta = 0
(F5.gap, F5.slope), and its second derivative is nu^2 e^(-eta nu) (F5.curvature), between 0 and nu^2; hence
0 <= delta <= (eta nu)^2/2. F5.error: after n steps the flow and the descent differ by delta times a sum of n terms
(1 - eta nu)^j e^(-(n-1-j) eta nu), each at most 1 in size where the descent is stable. With n eta = s that is at most
eta s nu^2/2: of first order in eta.

F5.descent is for any convex quadratic cost with Hessian A (theory D1): a step changes it by -eta |g|^2 + eta^2 g.Ag/2
with g = A e.
"""

from symflow import Derivation, I, datasum, dot, exp, grad, sqnorm, zeros

d = Derivation("Gradient descent of finite step", source="theory F5")
Q = d.dim("Q")
eta, nu, c0, q, target = (d.scalar(name) for name in ("eta", "nu", "c0", "q", "q_star"))
factor = d.define("rho", 1 - eta * nu)

R, H, x = d.orthogonal("R", Q), d.mask("H", Q, over="i"), d.vector("x", Q, over="i")
beta, y = d.vector("beta", Q), d.vector("y", Q)
C = d.define("C", datasum(sqnorm(R.T @ H @ R @ (x + beta) - beta - y) / 2, "i"))
d.claim(
    "F5.layer",
    R @ (beta - eta * grad(C, beta) + y) == (I(Q) - eta * datasum(I(Q) - H, "i")) @ R @ (beta + y),
    title="a step multiplies each distance by 1 - eta nu",
)

steps = d.recursion()
steps.state("power", d.scalar("p"), start=I(1), following=lambda s: factor * s.power)
steps.state("c", d.scalar("c"), start=c0, following=lambda s: s.c - eta * nu * s.c)
d.induction("F5", steps, lambda s: s.c == s.power * c0, title="c_n = (1 - eta nu)^n c_0")

d.claim("F5.stable", 1 - factor**2 == eta * nu * (2 - eta * nu), title="|1 - eta nu| < 1 means 0 < eta nu < 2")
F = d.function("F")
following = d.define("q_next", q - eta * F(q) * (q - target))
d.claim(
    "F5.everywhere",
    (q - target) ** 2 - (following - target) ** 2 == eta * F(q) * (2 - eta * F(q)) * (q - target) ** 2,
    title="the distance to the target shrinks, across walls too",
)

gap = d.define("delta", exp(-eta * nu) - factor)
d.claim("F5.gap", exp(-0 * nu) - (1 - 0 * nu) == 0, title="no gap at step 0")
d.claim("F5.slope", grad(gap, eta) == nu * (1 - exp(-eta * nu)), title="its slope, 0 at step 0")
d.claim("F5.curvature", grad(grad(gap, eta), eta) == nu**2 * exp(-eta * nu), title="its second derivative is >= 0")
errors = d.recursion()
errors.state("flow", d.scalar("phi"), start=I(1), following=lambda s: exp(-eta * nu) * s.flow)
errors.state("terms", d.scalar("s"), start=zeros(1, 1), following=lambda s: factor * s.terms + s.flow)
errors.state("descent", d.scalar("psi"), start=I(1), following=lambda s: factor * s.descent)
d.induction("F5.error", errors, lambda s: s.descent == s.flow - gap * s.terms, title="distance to the flow")

A, e = d.symmetric("A", Q), d.vector("e", Q)
g = d.define("g", A @ e)
d.claim(
    "F5.descent",
    dot(e - eta * g, A @ (e - eta * g)) / 2 - dot(e, A @ e) / 2 == -eta * sqnorm(g) + eta**2 * dot(g, A @ g) / 2,
    title="what a step does to a quadratic cost",
)
