import { openContext } from '../context.js';
import { listen } from '../web/listen.js';
import { createWebApp } from '../web/server.js';
import { throwAwayConfig } from './throw-away.js';

// The pages, in a process of their own, on a free port, which whoever started this is told; ends with them. What they send is answered
// with the memory that it takes.

const config = throwAwayConfig(process.argv[2] ?? '');
const ctx = await openContext({ ...config, web: { ...config.web, ...JSON.parse(process.argv[3] ?? '{}') } });
const web = await listen('127.0.0.1', 0);
web.answerWith(createWebApp(ctx));
process.once('disconnect', async () => {
  await web.close();
  await ctx.db.close();
  process.exit();
});
process.on('message', () => process.send?.(process.memoryUsage.rss()));
process.send?.(web.port);
