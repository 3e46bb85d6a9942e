const greek =
  'alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ varrho ϱ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω';
const relations =
  'sim ∼ simeq ≃ approx ≈ cong ≅ equiv ≡ propto ∝ le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ ll ≪ gg ≫ succ ≻ prec ≺ in ∈ notin ∉ subset ⊂ subseteq ⊆ supset ⊃ perp ⊥ parallel ∥ mid | to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ uparrow ↑ downarrow ↓ mapsto ↦ multimap ⊸';
const operators =
  'times × cdot · div ÷ pm ± mp ∓ ast * star ⋆ oplus ⊕ otimes ⊗ odot ⊙ circ ° deg ° cup ∪ cap ∩ setminus ∖ wedge ∧ vee ∨ neg ¬ sum ∑ prod ∏ int ∫ sqrt √ partial ∂ nabla ∇ infty ∞ forall ∀ exists ∃ emptyset ∅ ell ℓ hbar ℏ';
const punctuation =
  "ldots … dots … cdots ⋯ vdots ⋮ langle ⟨ rangle ⟩ lbrace { rbrace } lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ vert | Vert ‖ dag † dagger † ddag ‡ S § P ¶ textregistered ® texttrademark ™ copyright © pounds £ euro € checkmark ✓ bullet • textendash – textemdash — textasciitilde ∼ textquotesingle ' textbackslash ∖ backslash ∖";
const letters = 'aa å AA Å ae æ AE Æ oe œ OE Œ o ø O Ø l ł L Ł ss ß i ı j ȷ';
const abbreviations = 'eg e.g. ie i.e. etal et_al. vs vs.';

const pairs = [greek, relations, operators, punctuation, letters, abbreviations].join(' ').split(' ');

/** What a TeX command without arguments prints. */
export const symbols: ReadonlyMap<string, string> = new Map(
  pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, (pairs[at + 1] ?? '').replace('_', ' ')] as const] : [])),
);

/** Commands that only say how, not what: they print nothing. */
export const silent: ReadonlySet<string> = new Set(
  (
    'em bf it tt sc rm sf sl itshape bfseries normalfont small footnotesize tiny large displaystyle textstyle noindent ' +
    'left right big Big bigg Bigg bigl bigr limits nolimits mathcal mathbf mathrm mathbb mathit mathsf boldsymbol text textbf textit texttt textsc emph protect xspace item par centering newline linebreak smallskip'
  ).split(' '),
);

/** Accents of TeX and the combining characters that they are in Unicode. */
export const accents: ReadonlyMap<string, string> = new Map([
  ['`', '\u0300'],
  ["'", '\u0301'],
  ['^', '\u0302'],
  ['~', '\u0303'],
  ['=', '\u0304'],
  ['u', '\u0306'],
  ['.', '\u0307'],
  ['"', '\u0308'],
  ['r', '\u030a'],
  ['H', '\u030b'],
  ['v', '\u030c'],
  ['d', '\u0323'],
  ['c', '\u0327'],
  ['k', '\u0328'],
  ['b', '\u0331'],
]);

const raised = new Map([...'0123456789+-−'].map((plain, at) => [plain, [...'⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻'][at] ?? plain]));

/** Digits and signs as superscript: "-9" is "⁻⁹". */
export function superscript(digits: string): string {
  return [...digits].map((digit) => raised.get(digit) ?? digit).join('');
}
