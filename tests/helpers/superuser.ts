import { name as superuser, worker } from '../../src/database/embedded/cluster.js';

/** The same database, for the superuser. Tests run as the program does, as a user who is none. */
export function superuserOf(url: string): string {
  return url.replace(`//${worker}:`, `//${superuser}:`);
}
