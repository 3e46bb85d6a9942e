import { openContext } from '../context.js';
import { listen } from '../web/listen.js';
import { createWebApp } from '../web/server.js';
import { throwAwayConfig } from './throw-away.js';

// The pages, in a process of their own, on a free port, which whoever started this is told; ends with them.

const ctx = await openContext(throwAwayConfig(process.argv[2] ?? ''));
const web = await listen('127.0.0.1', 0);
web.answerWith(createWebApp(ctx));
process.once('disconnect', async () => {
  await web.close();
  await ctx.db.close();
  process.exit();
});
process.send?.(web.port);
