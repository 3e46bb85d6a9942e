/**
 * Does what several ask for at the same time once, for all of them; whoever asks once it is done has it done anew. So a page for which
 * more ask than can be answered takes no longer for each of them.
 * @returns a function that does the work of a key, or waits for it where it is under way
 */
export function oneInFlight<Result>(): (key: string, work: () => Promise<Result>) => Promise<Result> {
  const inFlight = new Map<string, Promise<Result>>();
  return (key, work) => {
    const under = inFlight.get(key);
    if (under) return under;
    const begun = work().finally(() => inFlight.delete(key));
    inFlight.set(key, begun);
    return begun;
  };
}
