import type { Config } from '../config.js';

/** The local mailbox: an SMTP server that delivers nothing, and a web page that shows what it caught. */
export interface LocalMailbox {
  smtpPort: number;
  webPort: number;
  /** Whether this process runs it; false: it has joined the one of another process. */
  owned: boolean;
  close(): Promise<void>;
}

/**
 * Opens the local mailbox, or joins the one that another process of the same set-up runs.
 * @throws UserError when a port is taken by another program
 */
export async function openMailbox(config: Pick<Config, 'mailbox' | 'database'>): Promise<LocalMailbox> {
  throw new Error(`not there yet ${config.mailbox.port}`);
}
