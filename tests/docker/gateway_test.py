"""What docker/gateway.yml says, as far as it can be known without an engine: the client judges its options, and the port
and the mark are those of client/GATEWAY.md, whose rules the host loads.

gateway_test.py MTCP_SERVER MTCP_CLIENT; 77: skipped, and why.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError:
    print('SKIPPED: no yaml module (Debian: python3-yaml)')
    sys.exit(77)

root = pathlib.Path(__file__).resolve().parents[2]
server, client = sys.argv[1:3]
service = yaml.safe_load((root / 'docker' / 'gateway.yml').read_text())['services']['gateway']
document = (root / 'client' / 'GATEWAY.md').read_text()
router = json.loads(re.findall(r'^```json\n(.*?)^```', document, re.M | re.S)[1])
capabilities = re.search(r'^AmbientCapabilities=(.*)$', document, re.M)[1].split()


class Gateway(unittest.TestCase):
    def test_the_client_takes_its_options(self):
        with tempfile.TemporaryDirectory() as work:
            key = pathlib.Path(work) / 'key'
            subprocess.run([server, 'keygen', '--output', key], check=True, capture_output=True)
            options = [str(key) if word == '/run/secrets/mtcp.key' else word for word in service['command']]
            self.assertIn(str(key), options)
            environment = {name: '192.0.2.7' if name == 'MTCP_SERVER' else '' for name in service['environment']}
            said = subprocess.run([client, 'check', *options], env=environment, capture_output=True, text=True,
                                  check=False)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(re.findall(r'(?m)^transparent +(.*)$', said.stdout), router['transparent'])
        self.assertRegex(said.stdout, rf'(?m)^mark +{router["mark"]}$')

    def test_it_has_the_capabilities_that_the_document_tells_of(self):
        self.assertEqual(service['cap_drop'], ['ALL'])
        self.assertEqual(['CAP_' + name for name in service['cap_add']], capabilities)
        self.assertEqual(service['user'], '0:0', 'others get no capabilities from an engine')
        self.assertIn('no-new-privileges:true', service['security_opt'])

    def test_it_listens_where_the_packet_filter_is(self):
        self.assertEqual(service['network_mode'], 'host')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
