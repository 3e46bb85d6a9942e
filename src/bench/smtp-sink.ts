import { createServer } from 'node:net';

// Takes mail and forgets it, in a process of its own, so that what is measured shares no event loop with it. Says its port to whoever
// started it.

const greeting = '220 sink.example ESMTP\r\n';

const server = createServer({ noDelay: true }, (socket) => {
  let waiting = '';
  let inData = false;
  socket.on('error', () => socket.destroy());
  socket.write(greeting);
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    waiting += chunk;
    let answer = '';
    for (;;) {
      if (inData) {
        const end = waiting.indexOf('\r\n.\r\n');
        if (end < 0) {
          // The mark of the end may come in two pieces.
          waiting = waiting.slice(-4);
          break;
        }
        waiting = waiting.slice(end + 5);
        inData = false;
        answer += '250 2.0.0 taken\r\n';
        continue;
      }
      const end = waiting.indexOf('\r\n');
      if (end < 0) break;
      const command = waiting.slice(0, end).toUpperCase();
      waiting = waiting.slice(end + 2);
      if (command.startsWith('EHLO')) answer += '250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n';
      else if (command === 'DATA') {
        inData = true;
        answer += '354 go ahead\r\n';
        // What follows a line without its end begins like one.
        waiting = `\r\n${waiting}`;
      } else if (command === 'QUIT') {
        socket.end(`${answer}221 2.0.0 bye\r\n`);
        return;
      } else answer += '250 2.0.0 ok\r\n';
    }
    if (answer) socket.write(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
process.on('disconnect', () => process.exit());
