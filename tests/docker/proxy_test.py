"""What docker/client.yml and client-proxy.yml say together, as far as it can be known without an engine: the client judges
its options, with a login and without, and the password is a secret that it finds.

proxy_test.py MTCP_SERVER MTCP_CLIENT; 77: skipped, and why.
"""
import os
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

docker = pathlib.Path(__file__).resolve().parents[2] / 'docker'
server, client = sys.argv[1:3]
base, beside = (yaml.safe_load((docker / name).read_text()) for name in ('client.yml', 'client-proxy.yml'))
service = beside['services']['client']


def filled(text, given):
    """As Compose fills variables in."""
    return re.sub(r'\$\{(\w+)(?::([-?])([^}]*))?\}',
                  lambda m: given.get(m[1]) or (m[3] if m[2] == '-' else ''), str(text))


class Proxy(unittest.TestCase):
    def check(self, given):
        """What `mtcp-client check` says in the container, whose secrets are in a directory of the test's."""
        with tempfile.TemporaryDirectory() as work:
            secrets = pathlib.Path(work)
            subprocess.run([server, 'keygen', '--output', secrets / 'mtcp.key'], check=True, capture_output=True)
            (secrets / 'proxy.password').write_text('open sesame\n')
            (secrets / 'proxy.password').chmod(0o600)
            here = lambda text: filled(text, given).replace('/run/secrets', str(secrets))
            environment = {**base['services']['client']['environment'], **service['environment']}
            said = subprocess.run(
                [client, 'check', *map(here, base['services']['client']['command'])],
                env={name: here(value) for name, value in environment.items()}, capture_output=True, text=True, check=False)
        self.assertEqual(said.returncode, 0, said.stderr)
        return said.stdout

    def test_the_client_takes_a_proxy(self):
        said = self.check({'MTCP_SERVER': 'server.example.org', 'MTCP_PROXY': 'socks5://proxy.example.net:1080'})
        self.assertIn('by way of socks5://proxy.example.net:1080', said)

    def test_the_client_takes_a_login(self):
        said = self.check({'MTCP_SERVER': 'server.example.org', 'MTCP_PROXY': 'http://alice@proxy.example.net:3128',
                           'MTCP_PROXY_PASSWORD_FILE': '/run/secrets/proxy.password'})
        self.assertIn('by way of http://alice@proxy.example.net:3128', said)

    def test_the_password_is_a_secret_of_its_own(self):
        self.assertIn('proxy.password', service['secrets'])
        self.assertEqual(filled(beside['secrets']['proxy.password']['file'], {'MTCP_PROXY_PASSWORD': './p'}), './p')
        self.assertTrue(os.path.exists(filled(beside['secrets']['proxy.password']['file'], {})), 'without a login')

    def test_it_adds_to_the_client_and_takes_nothing_away(self):
        self.assertEqual(set(service), {'environment', 'extra_hosts', 'secrets'})


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
