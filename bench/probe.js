/**
 * Loaded before the service's own dist/main.js (`node --import`): tells the bench what the process uses, and changes
 * nothing else.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

process.on('message', ({ id, name }) => {
  if (name === 'collect') {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
  }
  const { user, system } = process.cpuUsage();
  process.send({
    id,
    value: {
      cpuMs: (user + system) / 1000,
      rss: process.memoryUsage.rss(),
      peakRss: process.resourceUsage().maxRSS * 1024,
    },
  });
});
// Waiting for the bench's questions must not keep the service alive.
process.channel?.unref();
// The bench has died: nobody will end this process any more.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
