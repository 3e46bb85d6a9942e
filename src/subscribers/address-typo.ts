import { type Address, domainOf } from './address.js';

/** The providers that most people have their mail with. */
const providers = [
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.com',
  'live.com',
  'yahoo.com',
  'icloud.com',
  'proton.me',
  'protonmail.com',
  'gmx.de',
  'gmx.net',
  'web.de',
  '163.com',
  '126.com',
  'qq.com',
  'foxmail.com',
  'naver.com',
];
/** What looks like one of these and is another: nobody is to be asked about it. */
const others = new Set([
  'mail.com',
  'ymail.com',
  'email.com',
  'gmx.com',
  'gmx.at',
  'gmx.ch',
  'me.com',
  'live.de',
  'yahoo.co.jp',
]);

/**
 * What somebody most likely meant who typed the address of a well-known provider with one mistake: "ada@gmial.com".
 * @returns the address as it was meant; null where it is fine as far as anybody can tell
 */
export function likelyMeant(address: Address): string | null {
  const domain = domainOf(address);
  if (providers.includes(domain) || others.has(domain) || domain.length < 6) return null;
  const meant = providers.find((provider) => isOneMistakeAway(domain, provider));
  return meant ? `${address.slice(0, -domain.length)}${meant}` : null;
}

/** Whether one letter is missing, too many, another, or has changed places with the next (Damerau). */
function isOneMistakeAway(typed: string, meant: string): boolean {
  if (Math.abs(typed.length - meant.length) > 1) return false;
  let at = 0;
  while (at < typed.length && typed[at] === meant[at]) at++;
  const rest = (text: string, from: number) => text.slice(from);
  return (
    rest(typed, at + 1) === rest(meant, at) ||
    rest(typed, at) === rest(meant, at + 1) ||
    rest(typed, at + 1) === rest(meant, at + 1) ||
    (typed[at] === meant[at + 1] && typed[at + 1] === meant[at] && rest(typed, at + 2) === rest(meant, at + 2))
  );
}
