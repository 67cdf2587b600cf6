"""G3. Near alignment: the misalignment term is of first order, its second order damps, and rates are never smaller.

Source: arXiv:2501.07400, open question on general weights; F1, beyond it.
Hypotheses: a single layer in a chamber. Every idempotent P is P = N + K with N the orthogonal projector on its range,
K = N X (1 - N) for some X, such as P itself (G3.form, where N P = P and P N = N is what N is). N and X are arbitrary
here, in the flow for each data point others.

The shear K measures the misalignment, |P - P^T|^2 = 2 |K|^2, and all is exact in K, of degree two (G3.flow): the flow
of adapted weights (B3, with the orthogonal projector); a term of first order that sees the distance of the point to the
target, in the range of P only; and a term of second order with -K^T K, negative semidefinite. The Hessian is that of
adapted weights plus K^T K (G3.hessian): with the same ranges, misalignment makes no direction slower.

To first order in Z, W = (1 + Z) R, P moves by R^T [H, Z] R (G3.first), and P - P^T only by the symmetric part of Z
(G3.symmetric). Whether |P - P^T| dies out along the flow: not always. It starts to grow from zero in general
(G2.stretch), and tests/property/test_what_layers_conserve.py has networks where it grows and others where it shrinks.
"""

from symflow import Derivation, I, comm, datasum, diff, grad, inv, jac, sqnorm, sym, tr

SOURCE = "arXiv:2501.07400 (open question); F1, beyond it"
first = Derivation("Misalignment to first order", source=SOURCE)
Q = first.dim("Q")
W, H, Z = first.invertible("W", Q), first.mask("H", Q), first.matrix("Z", Q)
P = first.define("P", inv(W) @ H @ W)
first.claim("G3.first", diff(P, W, Z @ W) == inv(W) @ comm(H, Z) @ W, title="how P moves with W")
first.claim(
    "G3.symmetric",
    comm(H, Z) - comm(H, Z).T == 2 * comm(H, sym(Z)),
    title="turning keeps P symmetric, stretching does not",
)

p = Derivation("Misalignment to second order", source=SOURCE)
N, X = p.projector("N", Q), p.matrix("X", Q)
K = p.define("K", N @ X @ (I(Q) - N))
P = p.define("P", N + K)
T = p.define("T", I(Q) - P)
p.claim("G3.idempotent", P @ P == P, title="N + K is idempotent")
p.claim("G3.range", N @ P == P, title="N is the projector on its range")
p.claim("G3.size", sqnorm(P - P.T) == 2 * sqnorm(K), title="|P - P^T|^2 = 2 |K|^2")
p.claim("G3.norm", sqnorm(P) == tr(N) + sqnorm(K), title="|P|^2 is its rank and |K|^2")
p.claim("G3.term", T.T @ P == -K.T - K.T @ K, title="the misalignment term of F1 in the shear, exactly")
p.claim(
    "G3.magnitude",
    sqnorm(T.T @ P) == sqnorm(K) + sqnorm(K.T @ K),
    title="its norm: of first order, nothing cancels",
)

d = Derivation("The flow of the bias near alignment", source=SOURCE)
N, X = d.projector("N", Q, over="i"), d.matrix("X", Q, over="i")
K = d.define("K_i", N @ X @ (I(Q) - N))
S = d.define("P_i", N + K)
x, y, b = d.vector("x", Q, over="i"), d.vector("y", Q, over="i"), d.vector("b", Q)
C = d.define("C", datasum(sqnorm(S @ (x + b) - b - y) / 2, "i"))
d.claim(
    "G3.flow",
    -grad(C, b) == -datasum((I(Q) - N) @ (b + y) + K.T @ (x - y) + K.T @ K @ (x + b), "i"),
    title="the bias flow in orders of the misalignment",
)
d.claim(
    "G3.hessian",
    jac(grad(C, b), b) == datasum(I(Q) - N + K.T @ K, "i"),
    title="the Hessian is that of adapted weights and a positive semidefinite matrix",
)

e = Derivation("Every idempotent is a shear of an orthogonal projector", source=SOURCE)
M, R = e.idempotent("M", Q), e.projector("R", Q)
e.assume(R @ M == M)
e.assume(M @ R == R)
e.claim("G3.form", M == R + R @ M @ (I(Q) - R), title="the form that is used above")
