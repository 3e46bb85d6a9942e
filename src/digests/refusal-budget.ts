/** How many of the last attempts are looked at, and from how many refused recipients on a relay is doubted. */
const lookedAt = 40;
const fewestRefusals = 10;

/**
 * Tells a list with some dead addresses from a relay that is set up wrongly and answers "no such user" to all, or one that wants
 * nothing of ours: when more than half of the last recipients were refused, it is the relay that is not to be trusted, and nobody
 * is taken off the list. It mends itself: what is accepted again counts at once.
 */
export class RefusalBudget {
  readonly #refused: boolean[] = [];

  /** Notes whether the relay refused a recipient or took a mail. */
  note(refused: boolean): void {
    this.#refused.push(refused);
    if (this.#refused.length > lookedAt) this.#refused.shift();
  }

  /** Whether so many are refused that the relay is at fault. */
  get exceeded(): boolean {
    const refusals = this.#refused.filter(Boolean).length;
    return refusals >= fewestRefusals && refusals > this.#refused.length / 2;
  }
}
