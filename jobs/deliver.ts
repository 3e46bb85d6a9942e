import { type DeliveryReport, deliver as deliverDue } from '../src/digests/deliver.js';
import type { Job, JobContext } from './job.js';

const running = new WeakMap<JobContext, Promise<DeliveryReport>>();

/** Sends the digests that are due. A process that is sending already takes no second set of connections. */
export const deliver: Job = async (context) => {
  const current = running.get(context);
  if (current) return void (await current);
  const delivery = deliverDue(context, context.signal).finally(() => running.delete(context));
  running.set(context, delivery);
  const report = await delivery;
  if (Object.values(report).some((count) => count > 0)) context.ctx.log.info(report, 'digests delivered');
};
