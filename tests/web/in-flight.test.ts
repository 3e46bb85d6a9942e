import { describe, expect, it } from 'vitest';
import { oneInFlight } from '../../src/web/in-flight.js';

describe('work that several ask for at the same time', () => {
  it('is done once for all of them, and anew for whoever asks later', async () => {
    const once = oneInFlight<number>();
    let done = 0;
    const ask = (key: string) => once(key, async () => ++done);
    expect(await Promise.all([ask('a'), ask('a'), ask('b'), ask('a')])).toEqual([1, 1, 2, 1]);
    expect(await ask('a')).toBe(3);
  });

  it('fails for all of them, and is tried again for whoever asks later', async () => {
    const once = oneInFlight<string>();
    const fail = () => Promise.reject(new Error('gone'));
    const asked = [once('a', fail), once('a', fail)];
    expect(await Promise.allSettled(asked)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    expect(await once('a', async () => 'there')).toBe('there');
  });
});
