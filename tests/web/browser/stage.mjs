// The scene of stage.cpp, and downloads through it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Resolves when the programs are up: {client, server, socks, origin, tell(command), download(bytes), upload(bytes), end()}. */
export async function openStage() {
  const { MTCP_TEST_STAGE, MTCP_TEST_SERVER, MTCP_TEST_CLIENT } = process.env;
  const child = spawn(MTCP_TEST_STAGE, [MTCP_TEST_SERVER, MTCP_TEST_CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const curls = new Set();
  const place = await new Promise((resolve, reject) => {
    createInterface(child.stdout).once('line', (line) => resolve(JSON.parse(line)));
    child.once('exit', (code) => reject(new Error(`mtcp-stage ended with ${code}`)));
  });
  const transfer = (what, bytes = 0) => {
    const curl = spawn('curl', ['-sS', '--socks5-hostname', place.socks, ...what], { stdio: [bytes ? 'pipe' : 'ignore', 'ignore', 'ignore'] });
    curls.add(curl);
    curl.stdin?.on('error', () => {}).end(Buffer.alloc(bytes));
    return { done: new Promise((resolve) => curl.once('exit', resolve)), stop: () => curl.kill() };
  };
  return {
    ...place,
    tell: (command) => child.stdin.write(`${command}\n`),
    /** {done: exit code of curl, stop()} */
    download: (bytes, host = '127.0.0.1') => transfer(['-o', '/dev/null', `${place.origin.replace('127.0.0.1', host)}/bytes/${bytes}`]),
    upload: (bytes) => transfer(['-T', '-', `${place.origin}/upload`], bytes),
    async end() {
      for (const curl of curls) curl.kill();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await ended;
    },
  };
}
