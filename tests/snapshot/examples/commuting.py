r"""50% of \input{everything}: {braces}, $dollars$ & #hashes, ~tildes^, "quotes", Poincaré, ℓ ≤ 中, a -> b -- c."""

from symflow import Derivation, relu

d = Derivation("Commuting \\matrices_1 & co", source="p. 5 {#2}")
A, B = d.matrix("A", "n"), d.matrix("B", "n")
odd, v = d.matrix("\\input{x}", "n"), d.vector("v", "n")
f = d.function("phi")
d.claim("free_$1", A @ odd == odd @ A, title="50% of } it")
d.assume(A @ B == B @ A)
d.claim("inverse 100%", A @ A @ B == B @ A @ A)
wide = f(A @ v) + f(B @ v) + relu(A @ B @ v) + f(v)
d.claim("wide", wide + wide + wide + f.d(A @ B @ A @ B @ v) == 4 * (wide + wide + wide) - (wide + wide + wide) * 3)

e = Derivation("A second one")
s = e.vector("s", "n")
W = e.invertible("W", "n")
e.claim("lemma_1", W.T @ W @ W == W.T @ (W @ W))
e.lemma("lemma_1")
e.claim("terms", sum(((A @ B) @ (A + k * B) @ s for k in range(2, 30)), start=s).T == s.T)
