/** What became of a check. A warning costs no mail today; what was skipped does not apply. */
export interface Finding {
  check: string;
  status: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What is so, in a line. */
  message: string;
  /** What to do about it. */
  remedy?: string;
}
