"""Documents in LaTeX: names put back, notation in one place, text from files harmless, and TeX content with them."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symflow.cli import main
from symflow.derivation import Derivation, load
from symflow.errors import ClaimError
from symflow.expr.abbreviations import abbreviate
from symflow.expr.display import show
from symflow.expr.language import datasum, eye, sqnorm
from symflow.expr.latex import TEMPLATES
from symflow.expr.lines import WIDTH, aligned, width
from symflow.report.chapters import Chapter, Part, docstring_of
from symflow.report.document import to_document
from symflow.report.equations import to_equations
from symflow.report.escaping import escape, prose
from symflow.report.notation import Macros
from symflow.report.references import bibtex
from symflow.report.rows import Row
from symflow.report.saving import save
from tests.snapshot.comparing import HERE, assert_as_kept

ROOT = Path(__file__).resolve().parents[3]
VERDICTS = {
    "free_$1": Row(file="f", id="free_$1", verdict="refuted", detail="at n = 2: 1 is not 0_{%}", residual="A@B - B@A"),
    "false": Row(file="f", id="false", verdict="refuted", detail="at Q = 1"),
    "wide": Row(file="f", id="wide", verdict="undecided", detail="gave up after 20 s"),
}


def chapter(name: str, *, checked: bool = True) -> Chapter:
    file = HERE / "examples" / f"{name}.py"
    parts = []
    for derivation in load(file):
        labels = [statement.label for statement in derivation.everything()] if checked else []
        rows = {
            label: VERDICTS.get(label) or Row(
                file="f", id=label, verdict="proved", detail="certificate of 4 steps accepted by the checker",
                confirmation="SymPy at size 2", scope="proved for every Q",
                lemmas=tuple(lemma.label for lemma in derivation.statement(label).lemmas),
            )
            for label in labels
        }  # fmt: skip
        parts.append(Part(derivation, rows))
    return Chapter(f"examples/{name}.py", docstring_of(file), tuple(parts))


def simple() -> tuple[Derivation, Chapter]:
    d = Derivation("Simple")
    A, x = d.matrix("A", "n"), d.vector("x", "n", over="i")
    u = d.define("u", A @ x - x)
    d.claim("one", datasum(sqnorm(u - 2 * x), "i") == datasum(sqnorm(A @ x - x - 2 * x), "i"))
    return d, Chapter("simple.py", "", (Part(d),))


@pytest.mark.parametrize("name", ["bias", "commuting", "layers"])
def test_documents_are_as_they_were(name: str) -> None:
    assert_as_kept(f"{name}.tex", to_document([chapter(name)], title="Bias & co"))


def test_equations_are_as_they_were() -> None:
    wanted = ["split", "B3", "split.2", "wide", "A9", "young"]
    text = to_equations([chapter("bias"), chapter("commuting"), chapter("layers")], wanted, Macros(named=False))
    assert_as_kept("equations.tex", text)


def test_derivations_and_reports_are_as_they_were() -> None:
    (derivation,) = load(HERE / "examples/bias.py")
    d = Derivation("Lengths")
    R, x = d.orthogonal("R", "n"), d.vector("x", "n")
    d.claim("length_1", (R @ x).T @ (R @ x) == x.T @ x)
    text = f"{derivation.to_latex()}\n\n{d.check().to_latex()}\n"
    assert_as_kept("derivation.tex", text)
    assert derivation._repr_latex_() == f"$\\displaystyle {derivation.to_latex()}$"


def test_names_are_put_back() -> None:
    d, _ = simple()
    (statement,) = d.statements
    found = abbreviate(statement.equation.lhs, d.definitions)
    assert repr(found) == "datasum(sqnorm(u[i] - 2*x[i]), i)"
    # a name that is another object's is not used, nor is one for a bare symbol
    assert repr(abbreviate(statement.equation.lhs, d.definitions, {"u"})) == repr(statement.equation.lhs)
    x = d.vector("x", "n", over="i")
    assert repr(abbreviate(x + x, {"v": x})) == "x[i] + x[i]"


def test_names_put_back_leave_the_rest_as_it_was() -> None:
    d, _ = simple()
    (statement,) = d.statements
    assert abbreviate(statement.equation.lhs, {}) is statement.equation.lhs
    other = d.matrix("B", "n")
    assert abbreviate(statement.equation.lhs, {"w": other @ other}) is statement.equation.lhs


def test_a_name_is_not_its_own_definition() -> None:
    document = to_document([chapter("bias")])
    assert r"\familyP{i} &:= \optranspose{\letterR} \familyH{i} \letterR," in document
    assert r"\familytau{i} &:= \familyP{i} \left(\familyx{i} + \letterbeta\right) - \letterbeta," in document
    assert r"\opgrad{\letterC}{\letterbeta} &= \letterg." in document


def test_lines_are_broken_at_sums_and_nothing_is_lost() -> None:
    d = Derivation("Wide")
    symbols = [d.matrix(f"A{k}", "n") for k in range(20)]
    total = sum((a @ b.T for a, b in pairwise(symbols)), start=-eye("n"))
    lines = aligned(symbols[0], total - symbols[3])
    assert len(lines) > 2
    assert all(len(re.sub(r"\\top|\\quad|[{}_^&\\]", "", line)) < WIDTH * 1.3 for line in lines)
    joined = " ".join(line.removeprefix(r"&\quad {}").strip() for line in lines)
    assert joined == f"A_{{0}} &= {(total - symbols[3]).to_latex()}"
    assert width(total) > WIDTH


def test_every_operation_has_a_macro_that_says_what_the_table_says() -> None:
    macros = Macros()
    for operation, template in TEMPLATES.items():
        _ = macros.notation.templates[operation]
        arguments = sorted(set(re.findall(r"#\d", template)))
        call = macros.notation.templates[operation]
        assert sorted(set(re.findall(r"#\d", call))) == arguments
    lines = [line.replace(r"\mathopen{}", "") for line in macros.lines()]
    assert rf"\newcommand{{\opgrad}}[2]{{{TEMPLATES['grad']}}}" in lines
    assert r"\newcommand{\optr}[1]{\operatorname{tr}\left(#1\right)}" in lines


def test_symbols_spelled_alike_have_macros_of_their_own() -> None:
    d = Derivation("Alike")
    a, b = d.matrix("W1", "n"), d.matrix("Wone", "n")
    macros = Macros()
    assert show(a @ b, macros.notation) == r"\letterWone \letterWonex"
    assert sorted(macros.lines()) == [
        r"\newcommand{\letterWonex}{\mathit{Wone}}",
        r"\newcommand{\letterWone}{W_{1}}",
    ]


def test_a_macro_file_keeps_what_its_owner_changed() -> None:
    d, _ = simple()
    macros = Macros()
    show(d.definitions["u"], macros.notation)
    own = "\\newcommand{\\letterA}{\\mathcal{A}}\n% \\newcommand{\\familyx}[1]{x}\n\\def\\letterz{z}"
    text = macros.added_to(own)
    assert text.startswith(own + "\n")
    assert text.count(r"{\letterA}") == 1
    assert r"\newcommand{\familyx}[1]{x_{#1}}" in text.splitlines()
    assert macros.added_to(text) == text


def test_text_cannot_act() -> None:
    assert escape("\\input{x}") == r"\textbackslash{}input\{x\}"
    assert prose("\\write18 $x_i$ ^^M %", {"x"}) == (
        r"\textbackslash{}write18 \$$x_{i}$\$ \textasciicircum{}\textasciicircum{}M \%"
    )
    assert escape("a\n\n\\par\x00b") == r"a \textbackslash{}par\textbackslash{}x00b"
    assert prose("I and A with R^T, A_1", {"I", "A", "R"}) == r"I and A with $R^{\top}$, $A_{1}$"


@given(st.text(max_size=40))
def test_escaped_text_is_balanced_ascii_without_active_characters(text: str) -> None:
    for shown in (escape(text), prose(text, {"a", "B", "tau", "x1"})):
        assert shown.isascii() and "\n" not in shown
        bare = re.sub(r"\\[{}$&#%_]", "", shown)
        assert bare.count("{") == bare.count("}")
        assert bare.count("$") % 2 == 0
        assert not re.search(r"(?<!\\)[%&#]", re.sub(r"\\\\", "", shown))
        commands = set(re.findall(r"\\([A-Za-z]+)", shown))
        assert not commands & {"input", "write", "include", "def", "csname", "catcode"}


def test_labels_are_safe_and_unique() -> None:
    document = to_document([chapter("commuting"), chapter("commuting")])
    keys = re.findall(r"\\label\{([^}]*)\}", document)
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[a-z]+:[A-Za-z0-9.-]+", key) for key in keys)
    assert set(re.findall(r"\\ref\{([^}]*)\}", document)) <= set(keys)


def test_unchecked_statements_are_no_theorems() -> None:
    document = to_document([chapter("bias", checked=False)])
    assert r"\begin{theorem}" not in document and "Proved" not in document
    assert document.count("Not checked.") == 3


def test_refuted_and_undecided_statements_say_so() -> None:
    document = to_document([chapter("commuting")])
    assert r"at n = 2: 1 is not 0\_\{\%\}. What is left of the difference: A@B - B@A." in document
    assert "\\emph{Neither proved nor refuted.}\ngave up after 20 s." in document
    assert document.count(r"\begin{theorem}") == 3
    assert r"Under Hypothesis~\ref{hyp:inverse-100-}:" in document
    assert r"It uses lemma\_1 (\ref{thm:lemma-1}), in the form" in document


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.tex"
    save(path, "one\n")
    path.chmod(0o640)
    save(path, "two\n")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two\n", 0o640)
    with pytest.raises(UnicodeEncodeError):
        save(path, "\ud800")
    assert path.read_text() == "two\n" and list(tmp_path.iterdir()) == [path]
    with pytest.raises(ClaimError, match="cannot be written"):
        save(tmp_path / "absent/a.tex", "")


def test_the_command_writes_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, notation = tmp_path / "paper.tex", tmp_path / "notation.tex"
    example = str(HERE / "examples/bias.py")
    assert main(["latex", example, "-o", str(output), "--macros", str(notation), "--no-confirm"]) == 0
    assert capsys.readouterr().out == f"{output}: 4 proved\n"
    text = output.read_text()
    assert "\\input{notation.tex}" in text and "\\newcommand{\\letterR}" not in text
    assert "\\newcommand{\\letterR}{R}\n" in notation.read_text()
    assert text.count(r"\begin{theorem}") == 3 and "accepted by the independent checker." in text


def test_the_command_writes_single_equations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = str(HERE / "examples/bias.py")
    assert main(["latex", example, "--no-check", "--equations", "B3"]) == 0
    assert r"\nabla_{\beta} C &= g" in capsys.readouterr().out
    assert main(["latex", example, "--no-confirm", "--equations", "split"]) == 0
    assert capsys.readouterr().out.startswith("% split: proved\n\\begin{equation}\\label{eq:split}\n")
    assert main(["latex", example, "--equations", "B9"]) == 2
    assert "no such label; there are: B3, B3.dissipation, split" in capsys.readouterr().err


def test_the_status_is_that_of_the_worst(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from symflow import Derivation\nd = Derivation('x')\nA = d.matrix('A', 'n')\nd.claim('c', A == A.T)\n"
    )
    assert main(["latex", str(wrong), "-o", str(tmp_path / "w.tex")]) == 1
    assert "Refuted" in (tmp_path / "w.tex").read_text()
    assert main(["latex", str(tmp_path / "absent.py")]) == 2
    (tmp_path / "claims.toml").write_text("format = 1\n")
    assert main(["latex", str(tmp_path / "claims.toml")]) == 2
    assert "not a derivation file" in capsys.readouterr().err
    assert main(["latex", str(wrong), "--macros", str(tmp_path / "a b.tex"), "--no-check"]) == 2


def compiled(folder: Path, text: str) -> str:
    """The log of TeX's last run over the document."""
    (folder / "document.tex").write_text(text, encoding="ascii")
    for _ in range(3):  # longtable settles its columns in the third run
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "document.tex"],
            cwd=folder, capture_output=True, text=True, errors="replace", timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:]
    return (folder / "document.log").read_text(encoding="latin-1")


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (Debian: texlive-latex-recommended)"
)
@pytest.mark.parametrize("what", ["examples", "derivations"])
def test_documents_compile(tmp_path: Path, what: str) -> None:
    if what == "examples":
        chapters = [chapter("bias"), chapter("commuting"), chapter("layers")]
    else:
        files = sorted((ROOT / "derivations").glob("[!_]*.py"))
        chapters = [Chapter(str(f), docstring_of(f), tuple(map(Part, load(f)))) for f in files]
    log = compiled(tmp_path, to_document(chapters))
    assert not re.findall(r"^Overfull.*|.*undefined.*|.*multiply.defined.*|.*Rerun.*", log, re.MULTILINE)


def test_an_induction_is_one_theorem() -> None:
    document = to_document([chapter("layers")])
    assert document.count(r"\label{thm:A9}") == 1 and "A9.base" not in document and "A9.step" not in document
    theorem = document[document.index(r"\label{thm:A9}") : document.index(r"\end{theorem}")]
    assert "For every number of layers" in theorem
    P = r"{\letterP}"
    assert rf"\optranspose{{{{{P}_{{\ell}}}}}} {{{P}_{{\ell}}}} &= \opeye{{\letterQ}}," in theorem
    assert (
        rf"{P}_{{0}} &= \opeye{{\letterQ}}, & {P}_{{\ell+1}} &= {{{{\letterR}}_{{\ell+1}}}} {{{P}_{{\ell}}}},"
        in theorem
    )
    # the state that comes before stands there by its name, not written out
    assert rf"{{\letterz}}_{{\ell+1}} &= {{{P}_{{\ell+1}}}} {{{{\letterz}}_{{\ell}}}}" in theorem
    proof = document[document.index(r"\end{theorem}") :]
    assert proof.index(r"\emph{Base.}") < proof.index(r"\emph{Step.}") < proof.index(r"\end{proof}")


def test_what_rests_on_a_theorem_refers_to_it() -> None:
    document = to_document([chapter("layers")])
    assert "Here, by A9 (\\ref{thm:A9}),\n\\[\n\\begin{aligned}\n\\optranspose{\\letterA} \\letterA &=" in document
    assert r"\begin{hypothesis}" not in document  # a theorem is no hypothesis
    assert r"\status{proved}{for every $Q$}" in document and r"\status{refuted}{}" in document


def test_inequalities_keep_their_sign_and_say_why() -> None:
    document = to_document([chapter("layers")])
    assert r"\letterxtilde &\le \opsqnorm{\letterx} + \opsqnorm{\letterxtilde}." in document
    assert "is never negative, because" in document
    assert r"\newcommand{\letterxtilde}{\tilde{x}}" in document


def test_sections_are_those_of_the_theory_where_the_sources_name_them() -> None:
    first, second = chapter("layers"), chapter("layers")
    assert to_document([first]).count(r"\section{") == 1
    document = to_document([first, second])
    assert r"\section{Kinematics}\label{sec:A}" in document and document.count(r"\subsection*{Layers}") == 2
    assert r"\section{Kinematics}" not in to_document([chapter("bias"), chapter("commuting"), first])


def test_the_paper_is_cited_where_it_is_named() -> None:
    document = to_document([chapter("layers")])
    assert r"\cite{chen2025effective}; theory A9" in document and r"\bibitem{chen2025effective}" in document
    assert "arXiv:2501.07400." in document
    assert r"\bibitem{chen2025effective}" not in to_document([chapter("commuting")])
    assert "2501.07400" in bibtex() and "@software{symflow," in bibtex() and bibtex().count("{") == bibtex().count("}")


def test_the_appendix_has_the_certificates() -> None:
    document = to_document([chapter("layers")])
    appendix = document[document.index(r"\section*{Appendix") :]
    assert r"\ref{thm:A9} (A9) & proved & 4, 4 & \raggedright SymPy at size 2 \tabularnewline" in appendix
    assert r"(false) & refuted & -- &" in appendix
    assert "Of 4 statements: 3 proved and 1 refuted." in appendix


def test_lemmas_that_a_proof_does_not_use_are_not_named() -> None:
    d = Derivation("Idle")
    A = d.matrix("A", "n")
    d.claim("first", A + A == 2 * A)
    d.lemma("first")
    d.claim("second", A - A == 0 * A)
    rows = {
        label: Row(file="f", id=label, verdict="proved", detail="certificate of 0 steps")
        for label in ["first", "second"]
    }
    assert "uses first" not in to_document([Chapter("f.py", "", (Part(d, rows),))])
    rows["second"] = Row(file="f", id="second", verdict="proved", detail="certificate of 1 step", lemmas=("first",))
    assert r"It uses first (\ref{thm:first}), in the form" in to_document([Chapter("f.py", "", (Part(d, rows),))])
