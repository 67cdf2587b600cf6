"""E4. The spectral gap of collapsed clusters: a bound at the start holds for ever, and the cost decays exponentially.

Source: arXiv:2501.07400 (standard cost with special initial data); theory E3, E4.
Hypotheses: the flow of theory E1, W' = -E U^T, U' = -W^T E K with E = W U - Y, K = 1 (frozen output bias) or K = 1 + 1
1^T (moving): K = 1 + k 1 1^T with k >= 0 serves both, and any K with K - kappa 1 semidefinite. At the start W^T W - U
K^-1 U^T >= lambda > 0 in the order of symmetric matrices: the difference is N^T N.

E2 says that W^T W - U K^-1 U^T is conserved, so the bound holds for ever (E4.gap). W is then invertible, and W W^T,
which has the eigenvalues of W^T W, obeys the same bound (E4.left). With E3 the cost falls at the rate 2 lambda kappa
(E4), by Gronwall's inequality (D3.gronwall) exponentially (E4.decay).
"""

from symflow import Derivation, I, along, exp, inv, sqnorm, tr

d = Derivation("The spectral gap of collapsed clusters", source="arXiv:2501.07400; theory E3, E4")
Q = d.dim("Q")
W, U, Y, K = d.invertible("W", Q), d.matrix("U", Q), d.matrix("Y", Q), d.positive_definite("K", Q)
u, v = d.vector("u", Q), d.vector("v", Q)
rate, kappa, s = d.scalar("lambda", positive=True), d.scalar("kappa", positive=True), d.scalar("s")

E = d.define("E", W @ U - Y)
flow = {W: -E @ U.T, U: -W.T @ E @ K}
d.claim(
    "E3.rate",
    along(sqnorm(E) / 2, flow) <= 0,
    by=tr(E @ U.T @ U @ E.T) + tr(E.T @ W @ W.T @ E @ K),
    title="the cost does not increase",
    rests_on=["e_collapsed_clusters.py:E3"],
)

N = d.semidefinite(W.T @ W - U @ inv(K) @ U.T - rate * I(Q), root="N")
d.claim(
    "E4.gap",
    u.T @ W.T @ W @ u >= rate * sqnorm(u),
    by=sqnorm(N @ u) + u.T @ U @ inv(K) @ U.T @ u,
    title="W^T W >= lambda wherever the conserved matrix is >= lambda",
    rests_on=["e_collapsed_clusters.py:E2"],
)
d.claim(
    "E4.left",
    sqnorm(W.T @ v) >= rate * sqnorm(v),
    by=rate * (sqnorm(N @ inv(W) @ v) + v.T @ inv(W).T @ U @ inv(K) @ U.T @ inv(W) @ v)
    + sqnorm(W.T @ v - rate * inv(W) @ v),
    title="W W^T >= lambda as well",
)
M = d.semidefinite(K - kappa * I(Q), root="M")
G = d.define("G", inv(W) @ E)
slack = (
    tr(E @ U.T @ U @ E.T)
    + sqnorm(W.T @ E @ M.T)
    + kappa * rate * (sqnorm(N @ G) + tr(G.T @ U @ inv(K) @ U.T @ G))
    + kappa * sqnorm(W.T @ E - rate * G)
)
d.claim(
    "E4",
    along(sqnorm(E) / 2, flow) <= -rate * kappa * sqnorm(E),
    by=slack,
    title="the cost decays at the rate 2 lambda kappa",
)
d.claim(
    "E4.decay",
    along(exp(2 * rate * kappa * s) * sqnorm(E) / 2, {s: 1, **flow}) <= 0,
    by=exp(2 * rate * kappa * s) * slack,
    title="exp(2 lambda kappa s) C does not increase",
)
