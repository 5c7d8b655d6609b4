// What npm's packages make of the local port: node clients.mjs WAY PROXY_PORT HOST PORT
// fetches /bytes/100000 from HOST:PORT in that way, and prints what came.
import dgram from 'node:dgram';
import { once } from 'node:events';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { SocksClient } from 'socks';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { Agent, ProxyAgent, fetch } from 'undici';

const [way, proxyPort, host, port] = process.argv.slice(2);
const proxy = { host: '127.0.0.1', port: Number(proxyPort) };
const destination = { host, port: Number(port) };
const path = '/bytes/100000';

const connect = (type) => SocksClient.createConnection({ proxy: { ...proxy, type }, command: 'connect', destination });

async function byHttp(options) {
  const request = http.get({ ...destination, path, ...options });
  const [response] = await once(request, 'response');
  return buffer(response);
}

async function bySocks(type) {
  const { socket } = await connect(type);
  return byHttp({ createConnection: () => socket });
}

const byAgent = (scheme) => byHttp({ agent: new SocksProxyAgent(`${scheme}://127.0.0.1:${proxy.port}`) });

async function byUndici(dispatcher) {
  const response = await fetch(`http://${host}:${port}${path}`, { dispatcher });
  const body = Buffer.from(await response.arrayBuffer());
  await dispatcher.close();
  return body;
}

// undici has SOCKS only as its users make it: with a connector of their own.
async function socksConnector(_, callback) {
  const { socket } = await connect(5);
  callback(null, socket);
}

// A datagram to a peer, which sends it back in capitals.
async function byUdp() {
  const peer = dgram.createSocket('udp4');
  peer.on('message', (text, from) => peer.send(String(text).toUpperCase(), from.port, from.address));
  peer.bind(0, '127.0.0.1');
  await once(peer, 'listening');
  const association = new SocksClient({ proxy: { ...proxy, type: 5 }, command: 'associate', destination: { host: '0.0.0.0', port: 0 } });
  association.connect();
  const [{ socket, remoteHost }] = await once(association, 'established');
  const own = dgram.createSocket('udp4');
  const frame = SocksClient.createUDPFrame({ remoteHost: { host: '127.0.0.1', port: peer.address().port }, data: Buffer.from('to and fro') });
  own.send(frame, remoteHost.port, remoteHost.host);
  const [answer] = await once(own, 'message');
  for (const one of [own, peer]) one.close();
  socket.destroy();
  return SocksClient.parseUDPFrame(answer).data;
}

const ways = {
  'socks 4': () => bySocks(4),
  'socks 5': () => bySocks(5),
  'socks udp': byUdp,
  'socks-proxy-agent socks4a': () => byAgent('socks4a'),
  'socks-proxy-agent socks5h': () => byAgent('socks5h'),
  'undici http': () => byUndici(new ProxyAgent(`http://127.0.0.1:${proxy.port}`)),
  'undici socks': () => byUndici(new Agent({ connect: socksConnector })),
};
process.stdout.write(await ways[way]());
