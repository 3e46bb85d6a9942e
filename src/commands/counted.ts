/** A count and its noun, with a no-break space, so that no line begins with the noun. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')}\u00a0${noun}${count === 1 ? '' : 's'}`;
}
