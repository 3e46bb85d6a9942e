import PostalMime, { type Attachment, type Email } from 'postal-mime';
import { maskAddresses } from './outcome.js';

/** What a server or a reader says of a mail after it was taken. */
export interface Feedback {
  kind: 'bounced' | 'delayed' | 'delivered' | 'complaint';
  /** The enhanced status code (RFC 3463), like "5.1.1"; null where none is told. */
  enhanced: string | null;
  /** In the server's words, without addresses. */
  reply: string;
  /** Where it may say which mail it is about; nothing of it is proven. */
  evidence: {
    /** Addresses that the report was sent to, or that the mail came from (RFC 5321 return path). */
    returnPaths: string[];
    /** What stood in List-Unsubscribe. */
    unsubscribeLinks: string[];
  };
}

/** Feedback types of RFC 5965 that are no complaint about the mail. */
const noComplaints = ['not-spam', 'auth-failure', 'dmarc'];

/**
 * Reads a delivery report (RFC 3464) or a complaint (ARF, RFC 5965), as a mail.
 * @returns null where it is neither: a reply, an out-of-office notice, a bounce in words alone
 */
export async function readFeedback(raw: Buffer): Promise<Feedback | null> {
  // What a report is about is its third part, and its own headers are not those of the report.
  const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true });
  const report = partOf(mail, 'message/feedback-report');
  if (report) {
    const type = fieldsOf(report)[0]?.get('feedback-type')?.toLowerCase() ?? '';
    if (type === '' || noComplaints.includes(type)) return null;
    return { kind: 'complaint', enhanced: null, reply: `complaint: ${type}`, evidence: await evidenceOf(mail) };
  }
  const status = partOf(mail, 'message/delivery-status');
  const recipient = status && fieldsOf(status).find((fields) => fields.has('action'));
  const kind = recipient && kindOf(recipient.get('action') ?? '');
  if (!recipient || !kind) return null;
  const enhanced = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(recipient.get('status') ?? '')?.[0] ?? null;
  const said = recipient.get('diagnostic-code')?.replace(/^[\w-]+;\s*/, '') ?? recipient.get('action') ?? '';
  const reply = maskAddresses(`${enhanced && !said.includes(enhanced) ? `${enhanced} ` : ''}${said}`);
  return { kind, enhanced, reply, evidence: await evidenceOf(mail) };
}

/** RFC 3464 §2.3.3. */
function kindOf(action: string): Feedback['kind'] | null {
  switch (action.trim().toLowerCase()) {
    case 'failed':
      return 'bounced';
    case 'delayed':
      return 'delayed';
    case 'delivered':
    case 'relayed':
    case 'expanded':
      return 'delivered';
    default:
      return null;
  }
}

function partOf(mail: Email, type: string): Attachment | undefined {
  return mail.attachments.find(({ mimeType }) => mimeType.toLowerCase() === type);
}

/** The groups of fields of a machine-readable part, by name in lower case. */
function fieldsOf({ content }: Attachment): Map<string, string>[] {
  const text = textOf(content)
    .replace(/\r\n?/g, '\n')
    .replace(/\n[ \t]+/g, ' ');
  return text
    .split(/\n\s*\n/)
    .map(
      (group) =>
        new Map(
          [...group.matchAll(/^([\w-]+):[ \t]*(.*)$/gm)].map(([, name = '', value = '']) => [
            name.toLowerCase(),
            value.trim(),
          ]),
        ),
    )
    .filter((fields) => fields.size > 0);
}

function textOf(content: Attachment['content']): string {
  return typeof content === 'string' ? content : Buffer.from(content as ArrayBuffer).toString('utf8');
}

const recipientHeaders = ['to', 'delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to'];

async function evidenceOf(mail: Email): Promise<Feedback['evidence']> {
  const original = partOf(mail, 'message/rfc822') ?? partOf(mail, 'text/rfc822-headers');
  const about = original && (await PostalMime.parse(`${textOf(original.content)}\r\n\r\n`));
  const valuesOf = (from: Email | undefined, names: readonly string[]) =>
    (from?.headers ?? []).filter(({ key }) => names.includes(key.toLowerCase())).map(({ value }) => value);
  const returnPaths = [...valuesOf(mail, recipientHeaders), ...valuesOf(about, ['return-path'])];
  return {
    returnPaths: returnPaths.flatMap((value) => value.match(/[^\s<>,;]+@[^\s<>,;]+/g) ?? []),
    unsubscribeLinks: valuesOf(about, ['list-unsubscribe']).flatMap((value) => value.match(/https?:[^\s<>,]+/g) ?? []),
  };
}
