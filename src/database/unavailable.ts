/**
 * Whether the database cannot be used now: no connection to it, or one that it has ended, refused or is too busy for. SQLSTATE
 * classes 08 (connection), 28 and 3D (no entry, no such database), 53 (resources) and 57 (operator intervention), https://www.postgresql.org/docs/current/errcodes-appendix.html;
 * Prisma's P1001 to P1017 and P2024. A query that is wrong is an error of ours, and no outage.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, meta, cause } = error as Error & { code?: unknown; meta?: { code?: unknown }; cause?: unknown };
  return (
    [code, meta?.code].some((each) =>
      /^((08|28|3D|53|57)[0-9A-Z]{3}|P10(0[1238]|1[17])|P2024|ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|ENOTFOUND)$/.test(
        String(each),
      ),
    ) ||
    /connection terminated|timeout exceeded when trying to connect|Code: `(08|28|3D|53|57)[0-9A-Z]{3}`|cannot use a pool after calling end/i.test(
      error.message,
    ) ||
    (cause !== error && isDatabaseUnavailable(cause))
  );
}
