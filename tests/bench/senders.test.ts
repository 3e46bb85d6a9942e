import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { sendByPool } from '../../src/bench/senders.js';
import { startSmtpServer } from '../helpers/smtp-server.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const signature = {
  domainName: 'example.org',
  keySelector: 'bench',
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

it('sends the whole mail by a pool of nodemailer, signed, to each recipient once, and measures all but the first tenth', async () => {
  const relay = await startSmtpServer();
  const mail = {
    subject: 'Papers for you',
    text: 'By Émilie du Châtelet\n',
    html: `<p>${'Émilie du Châtelet '.repeat(99)}</p>`,
  };
  try {
    const sent = await sendByPool({ port: relay.port, connections: 3, count: 20 }, mail, signature);
    expect(sent).toEqual({ count: 18, seconds: expect.any(Number) });
  } finally {
    await relay.close();
  }
  const recipients = relay.mails.map(({ envelope }) => envelope.to.join());
  expect(recipients.toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => `s${i}@example.org`).toSorted());
  const [first] = await relay.parsed();
  expect(first).toMatchObject(mail);
  expect(first?.headers.has('dkim-signature')).toBe(true);
});
