import { UserError } from '../errors.js';
import { textsIn } from '../languages/texts.js';
import { type Address, parseAddress } from './address.js';

/**
 * The address that an operator names, to a command or on a page.
 * @throws UserError where it is none: what is wrong with it, in English
 */
export function typedAddress(text: string): Address {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new UserError(`“${text}” is not an e-mail address. ${textsIn('en').t(parsed.reason)}`);
  return parsed.address;
}
