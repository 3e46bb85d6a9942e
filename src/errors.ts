/** A user's mistake, told in one line; the process exits with status 1 and prints no stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
