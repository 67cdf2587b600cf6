"""C7. In a chamber the moments of a truncated cluster obey closed equations.

Source: arXiv:2501.07400, Section 3.3 (a flow of moments); theory C7.
Hypotheses: a chamber (H_i arbitrary masks that do not change), a single adapted layer and the points of its cluster,
one target y. In the coordinates of R: nu = <1 - h> with h the diagonal of H, q = -R beta, q* = R y.

C7.mean and C7.square have the flow of the bias in them: the mean moves with nu_k^2 (q*_k - q_k), not with nu_k. The
others hold for any velocity w of the bias: C7.any for the average of f(a . tau), with f any smooth function and a any
vector, hence for every smooth function of tau, of which such ridge functions span a dense set; C7.second for the
matrix of second moments, which needs the moments T of the truncated part, and C7.part says that these move with
constant coefficients: the equations close.
"""

from symflow import Derivation, I, along, datasum, diag, diagpart, dot, grad, hadamard, ones, outer, sqnorm, sym

d = Derivation("Closed equations for moments", source="arXiv:2501.07400, Section 3.3; theory C7")
Q = d.dim("Q")
R, H, x = d.orthogonal("R", Q), d.mask("H", Q, over="i"), d.vector("x", Q, over="i")
beta, y, w, a = (d.vector(name, Q) for name in ("beta", "y", "w", "a"))
f = d.function("f")

P = d.define("P", R.T @ H @ R)
tau = d.define("tau", P @ (x + beta) - beta)
C = d.define("C", datasum(sqnorm(tau - y) / 2, "i"))
flow = {beta: -grad(C, beta)}
off = ones(Q) - diagpart(H)
nu = d.define("nu", datasum(off, "i"))
q, target = -R @ beta, R @ y

d.claim(
    "C7.mean",
    along(datasum(R @ tau, "i"), flow) == hadamard(hadamard(nu, nu), target - q),
    title="mu_k' = nu_k^2 (q*_k - q_k)",
)
d.claim(
    "C7.square",
    along(datasum(hadamard(R @ tau, R @ tau), "i"), flow) == 2 * hadamard(hadamard(nu, nu), hadamard(q, target - q)),
    title="the mean squares move with 2 nu_k^2 q_k (q*_k - q_k)",
)
d.claim(
    "C7.any",
    along(datasum(f(dot(a, tau)), "i"), {beta: w}) == -datasum(f.d(dot(a, tau)) * dot(a, (I(Q) - P) @ w), "i"),
    title="averages of smooth functions move with the truncated part",
)
T = d.define("T", datasum(outer(off, R @ tau), "i"))
d.claim(
    "C7.second",
    along(datasum(outer(R @ tau), "i"), {beta: w}) == -2 * sym(diag(R @ w) @ T),
    title="second moments move with the moments of the truncated part",
)
d.claim(
    "C7.part",
    along(T, {beta: w}) == -datasum(outer(off), "i") @ diag(R @ w),
    title="and these with constant coefficients",
)
