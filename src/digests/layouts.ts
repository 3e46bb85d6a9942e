import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Context } from '../context.js';
import { defaultLanguage } from '../languages/language.js';
import { Secret } from '../secret.js';
import { type DigestTemplatesByLanguage, digestTemplatesOf, mailTexts } from './templates.js';

/** What of a process its mails are made with. */
export type Composing = Pick<Context, 'config' | 'keys'>;

/** Everything that a mail is made with, beside its papers and its reader. */
export interface Layout {
  id: number;
  templates: DigestTemplatesByLanguage;
  composing: Composing;
}

const stored = z.object({
  templates: z.object({
    top: z.string(),
    list: z.string(),
    row: z.string(),
    listEnd: z.string(),
    cards: z.string(),
    card: z.string(),
    titleRow: z.string(),
    cardsEnd: z.string(),
    /** Which the first layouts did not have. */
    since: z.string().default(''),
  }),
  mail: z.object({
    from: z.object({ name: z.string(), address: z.string() }),
    domain: z.string(),
    bounceAddress: z.string().nullable(),
  }),
  baseUrl: z.string(),
  idempotencyHeader: z.string().nullable(),
  operator: z.object({ name: z.string().nullable(), url: z.string().nullable() }),
  /** By language and key; one from before there were languages has none. */
  texts: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  /** Tells which key signs the links, without telling the key. */
  key: z.string(),
});
type Stored = z.output<typeof stored>;

/**
 * The layouts that mails were made with. A digest keeps that of its first attempt for as long as a copy may be out, so that
 * a second one has the same bytes after an upgrade, too, or with another BASE_URL or MAIL_FROM. What cannot be kept is a DKIM
 * key: one that was exchanged meanwhile signs anew; and a link key that is no longer in SECRET_KEY.
 */
export class Layouts {
  readonly #ctx: Pick<Context, 'config' | 'keys' | 'db'>;
  readonly #known = new Map<number, Layout>();
  /** That of new mails. */
  readonly current: Layout;

  private constructor(ctx: Pick<Context, 'config' | 'keys' | 'db'>, current: Layout) {
    this.#ctx = ctx;
    this.current = current;
    this.#known.set(current.id, current);
  }

  /** Puts on record what mails are made with now. */
  static async open(
    ctx: Pick<Context, 'config' | 'keys' | 'db' | 'clock'>,
    templates: DigestTemplatesByLanguage,
  ): Promise<Layouts> {
    const { mail, web, sending, operator } = ctx.config;
    const content: Stored = {
      templates: templates[defaultLanguage].source,
      mail,
      baseUrl: web.baseUrl,
      idempotencyHeader: sending.idempotencyHeader,
      operator,
      texts: mailTexts(),
      key: fingerprint(ctx.keys.reveal()[0] ?? ''),
    };
    const hash = createHash('sha256').update(JSON.stringify(content)).digest();
    const { layout } = ctx.db.prisma;
    const now = ctx.clock();
    if ((await layout.count({ where: { hash } })) === 0)
      await layout.createMany({ data: { hash, content, createdAt: now, usedAt: now }, skipDuplicates: true });
    const dayAgo = new Date(now.getTime() - 86_400_000);
    await layout.updateMany({ where: { hash, usedAt: { lt: dayAgo } }, data: { usedAt: now } });
    const { id } = await layout.findUniqueOrThrow({ where: { hash }, select: { id: true } });
    return new Layouts(ctx, { id, templates, composing: ctx });
  }

  /** @throws Error where it is not on record */
  async get(id: number): Promise<Layout> {
    const known = this.#known.get(id);
    if (known) return known;
    const { content } = await this.#ctx.db.prisma.layout.findUniqueOrThrow({ where: { id } });
    const layout = this.#restore(id, stored.parse(content));
    this.#known.set(id, layout);
    return layout;
  }

  #restore(id: number, { templates, mail, baseUrl, idempotencyHeader, operator, texts, key }: Stored): Layout {
    const { config, keys } = this.#ctx;
    const all = keys.reveal();
    const first = all.filter((each) => fingerprint(each) === key);
    const composing = {
      config: {
        ...config,
        mail,
        operator,
        web: { ...config.web, baseUrl },
        sending: { ...config.sending, idempotencyHeader },
      },
      keys: new Secret([...first, ...all.filter((each) => !first.includes(each))]),
    };
    return { id, templates: digestTemplatesOf(templates, texts), composing };
  }
}

function fingerprint(key: string): string {
  return createHash('sha256').update(`layout:${key}`).digest('hex').slice(0, 16);
}
