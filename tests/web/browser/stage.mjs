// The scene of stage.cpp, and downloads through it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Resolves when the programs are up: {client, server, socks, origin, tell(command), download(bytes), end()}. */
export async function openStage() {
  const { MTCP_TEST_STAGE, MTCP_TEST_SERVER, MTCP_TEST_CLIENT } = process.env;
  const child = spawn(MTCP_TEST_STAGE, [MTCP_TEST_SERVER, MTCP_TEST_CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const curls = new Set();
  const place = await new Promise((resolve, reject) => {
    createInterface(child.stdout).once('line', (line) => resolve(JSON.parse(line)));
    child.once('exit', (code) => reject(new Error(`mtcp-stage ended with ${code}`)));
  });
  return {
    ...place,
    tell: (command) => child.stdin.write(`${command}\n`),
    /** {done: exit code of curl, stop()} */
    download(bytes) {
      const args = ['-sS', '-o', '/dev/null', '--socks5-hostname', place.socks, `${place.origin}/bytes/${bytes}`];
      const curl = spawn('curl', args, { stdio: 'ignore' });
      curls.add(curl);
      return { done: new Promise((resolve) => curl.once('exit', resolve)), stop: () => curl.kill() };
    },
    async end() {
      for (const curl of curls) curl.kill();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await ended;
    },
  };
}
