"""docker/monitoring against the programs themselves: a Prometheus scrapes a client and its server, and is asked all that
the dashboard and the alerts ask. Grafana is not run: of its dashboard only the questions are tried, and the layout.

monitoring_test.py MTCP_SERVER MTCP_CLIENT; 77: skipped, and why.
"""
import contextlib
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

try:
    import yaml
except ImportError:
    print('SKIPPED: no yaml module (Debian: python3-yaml)')
    sys.exit(77)
if not shutil.which('prometheus') or not shutil.which('promtool'):
    print('SKIPPED: no prometheus (Debian: prometheus)')
    sys.exit(77)

root = pathlib.Path(__file__).resolve().parents[2]
monitoring = root / 'docker' / 'monitoring'
server, client = sys.argv[1:3]
dashboard = json.loads((monitoring / 'grafana' / 'mtcp.json').read_text())
rules = [rule for group in yaml.safe_load((monitoring / 'alerts.yml').read_text())['groups'] for rule in group['rules']]
scraping = yaml.safe_load((monitoring / 'prometheus.yml').read_text())
services = yaml.safe_load((root / 'docker' / 'compose.yml').read_text())['services']
panels = [panel for panel in dashboard['panels'] if panel['type'] != 'row']
asked = [target['expr'] for panel in panels for target in panel['targets']]
patience = 60  # seconds
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url):
    with direct.open(url, timeout=10) as answer:
        return answer.read().decode()


def eventually(what, look):
    """The first answer of `look` that is one; what cannot be reached yet has none."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if found := look():
                return found
        time.sleep(0.05)
    raise AssertionError(f'not within {patience} s: {what}')


class Program:
    """One that tells in its log where it listens."""

    def __init__(self, work, name, *command):
        self.log = work / f'{name}.log'
        with self.log.open('w') as log:
            self.process = subprocess.Popen(command, cwd=work, stderr=log, stdout=log)

    def said(self, pattern):
        return eventually(f'{pattern} in {self.log.read_text()}', lambda: re.search(pattern, self.log.read_text()))[1]

    def end(self):
        self.process.kill()
        self.process.wait()


class Deployment:
    """Both programs with all that has a metric: a quota, a limit of a key, a path that waits for the other to fail."""

    def __init__(self):
        self.programs = []

    def begin(self, work):
        key = subprocess.run([server, 'keygen'], check=True, capture_output=True, text=True).stdout.split()[0]
        for name, text in (('key', key), ('keys', f'{key} alice bytes-per-month=1TB streams=100')):
            (work / name).write_text(text + '\n')
            (work / name).chmod(0o600)
        here = '127.0.0.1:0'
        far = self.start(work, 'server', server, '--key-file', 'keys', '--listen', here, '--status', here,
                         '--state-dir', 'server-state')
        place = 'server=127.0.0.1:' + far.said(r'listening bridges .*:(\d+)') + ',bridges=2'
        near = self.start(work, 'client', client, '--key-file', 'key', '--socks', here, '--status', here,
                          '--state-dir', 'client-state', '--path', f'{place},name=dsl,quota=1GB/month',
                          '--path', f'{place},name=spare,role=backup')
        near.said('(tunnel up)')
        self.endpoints = ['127.0.0.1:' + one.said(r'listening status .*:(\d+)') for one in (near, far)]
        self.prometheus = f'127.0.0.1:{free_port()}'
        config = json.loads(json.dumps(scraping))
        config['global'] = {'scrape_interval': '1s', 'evaluation_interval': '1s'}
        config['rule_files'] = [str(monitoring / 'alerts.yml')]
        config['scrape_configs'][0]['static_configs'] = [{'targets': self.endpoints}]
        (work / 'prometheus.yml').write_text(yaml.safe_dump(config))
        self.start(work, 'prometheus', 'prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=series',
                   f'--web.listen-address={self.prometheus}')

    def start(self, work, name, *command):
        self.programs.append(Program(work, name, *command))
        return self.programs[-1]

    def end(self):
        for program in reversed(self.programs):
            program.end()

    def ask(self, expression):
        query = urllib.parse.urlencode({'query': expression})
        try:
            return json.loads(fetch(f'http://{self.prometheus}/api/v1/query?{query}'))['data']['result']
        except urllib.error.HTTPError as wrong:
            raise AssertionError(f'{expression}: {wrong.read().decode()}') from wrong


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        return taken.getsockname()[1]


def as_grafana_asks(expression):
    """With what it puts in for the variables; everything was scraped within the last minute."""
    return expression.replace('$instance', '.*').replace('$__rate_interval', '1m')


def metrics_in(expression):
    return set(re.findall(r'\bmtcp_\w+', expression))


class Monitoring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(work.cleanup)
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.end)
        cls.deployment.begin(pathlib.Path(work.name))
        eventually('an answer', lambda: fetch(f'http://{cls.deployment.prometheus}/-/ready'))
        eventually('two scrapes of both', lambda: len(cls.deployment.ask('count_over_time(up[1m]) > 1 and up == 1')) == 2)
        # Paths tell why they carry little once they have been looked at.
        eventually('a backup that waits', lambda: cls.deployment.ask('mtcp_path_why{path="spare"}'))

    def test_every_panel_shows_something(self):
        for expression in asked:
            with self.subTest(expression):
                self.assertIn('$instance', expression)
                self.assertNotRegex(as_grafana_asks(expression), r'\$')
                self.assertTrue(self.deployment.ask(as_grafana_asks(expression)))

    def test_the_choice_of_programs_has_some(self):
        variable, = [v for v in dashboard['templating']['list'] if v['name'] == 'instance']
        metric, label = re.fullmatch(r'label_values\((\w+), (\w+)\)', variable['query']['query']).groups()
        found = {series['metric'][label] for series in self.deployment.ask(metric)}
        self.assertEqual(found, set(self.deployment.endpoints))

    def test_alerts_ask_for_what_there_is_and_are_silent(self):
        there = set(re.findall(r'(?m)^# TYPE (\w+)', ''.join(fetch(f'http://{e}/metrics') for e in self.deployment.endpoints)))
        for rule in rules:
            with self.subTest(rule['alert']):
                self.assertLessEqual(metrics_in(rule['expr']), there)
                self.assertEqual(self.deployment.ask(rule['expr']), [])
        loaded = json.loads(fetch(f'http://{self.deployment.prometheus}/api/v1/rules'))['data']['groups']
        self.assertEqual({rule['health'] for group in loaded for rule in group['rules']} - {'unknown'}, {'ok'})

    def test_every_metric_is_looked_at(self):
        """A new one belongs onto the dashboard, or into this list of what has its sum there or says little by itself."""
        left_out = {
            'mtcp_pending_connections', 'mtcp_silent_connections', 'mtcp_streams_total', 'mtcp_tunnel_up', 'mtcp_memory_shed_total',
            'mtcp_path_dials_held_seconds', 'mtcp_path_rate_limit_bytes_per_second', 'mtcp_path_info', 'mtcp_bridge_suspect',
            'mtcp_bridge_retransmitted_bytes_total', 'mtcp_hedged_frames_total', 'mtcp_blocked_datagrams_total',
            'mtcp_direct_connections_total', 'mtcp_direct_datagrams_total',
        }
        text = ''.join(fetch(f'http://{endpoint}/metrics') for endpoint in self.deployment.endpoints)
        shown = set().union(*map(metrics_in, asked))
        self.assertEqual(set(re.findall(r'(?m)^# TYPE (\w+)', text)) - shown, left_out)


class Files(unittest.TestCase):
    def check(self, *command):
        done = subprocess.run(['promtool', *command], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_and_configuration_are_valid(self):
        self.check('check', 'rules', monitoring / 'alerts.yml')
        self.check('check', 'config', monitoring / 'prometheus.yml')

    def test_alerts_fire_when_they_should(self):
        tests = pathlib.Path(__file__).with_name('alerts_test.yml')
        self.check('test', 'rules', tests)
        fired = {test['alertname'] for case in yaml.safe_load(tests.read_text())['tests']
                 for test in case['alert_rule_test'] if test['exp_alerts']}
        self.assertEqual(fired, {rule['alert'] for rule in rules})

    def test_panels_have_places_of_their_own(self):
        taken = {}
        for panel in dashboard['panels']:
            at = panel['gridPos']
            for x in range(at['x'], at['x'] + at['w']):
                for y in range(at['y'], at['y'] + at['h']):
                    self.assertNotIn((x, y), taken, f'{panel["title"]} lies on {taken.get((x, y))}')
                    self.assertLess(x, 24)
                    taken[x, y] = panel['title']
        ids = [panel['id'] for panel in dashboard['panels']]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in panels:
            for part in [panel, *panel['targets']]:
                self.assertEqual(part['datasource'], {'type': 'prometheus', 'uid': '${datasource}'})

    def test_compose_brings_the_files_together(self):
        watching = {name: one for name, one in services.items() if one.get('profiles') == ['monitoring']}
        self.assertEqual(set(watching), {'prometheus', 'grafana'})
        mounts = [v.split(':') for one in watching.values() for v in one['volumes'] if v.startswith('./')]
        self.assertEqual({(root / 'docker' / source).resolve() for source, *_ in mounts},
                         {file for file in monitoring.rglob('*') if file.is_file()})
        inside = {source.rsplit('/', 1)[1]: place for source, place, _ in mounts}
        provider = yaml.safe_load((monitoring / 'grafana' / 'provider.yml').read_text())['providers'][0]
        self.assertEqual(inside['mtcp.json'], provider['options']['path'] + '/mtcp.json')
        self.assertEqual(inside['mtcp.json'], watching['grafana']['environment']['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'])

    def test_compose_lets_prometheus_ask(self):
        for target in scraping['scrape_configs'][0]['static_configs'][0]['targets']:
            host, port = target.split(':')
            self.assertEqual(services[host]['environment']['MTCP_STATUS'], f':{port}')
            self.assertEqual(services[host]['environment']['MTCP_STATUS_HOST'], host)
            self.assertTrue(set(services[host]['networks']) & set(services['prometheus']['networks']))
        data = yaml.safe_load((monitoring / 'grafana' / 'datasource.yml').read_text())['datasources'][0]
        self.assertEqual(data['url'], 'http://prometheus:9090')
        self.assertTrue(set(services['grafana']['networks']) & set(services['prometheus']['networks']))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
