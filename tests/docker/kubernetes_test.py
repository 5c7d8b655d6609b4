"""What docker/kubernetes says, as far as it can be known without a cluster: the programs judge their options, HAProxy its
configuration, and the rest is compared with compose.yml and the Dockerfile.

kubernetes_test.py MTCP_SERVER MTCP_CLIENT; 77: skipped, and why.
"""
import functools
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

try:
    import yaml
except ImportError:
    print('SKIPPED: no yaml module (Debian: python3-yaml)')
    sys.exit(77)

docker = pathlib.Path(__file__).resolve().parents[2] / 'docker'
haproxy = shutil.which('haproxy', path='/usr/sbin:' + os.environ['PATH'])
programs = {'mtcp-server': sys.argv[1], 'mtcp-client': sys.argv[2]}
manifests = {file.name: list(yaml.safe_load_all(file.read_text())) for file in (docker / 'kubernetes').glob('*.yaml')}
compose = yaml.safe_load((docker / 'compose.yml').read_text())['services']
stages = dict(re.findall(r'^FROM \S+ AS (\w+)\n(.*?)(?=^FROM |\Z)', (docker / 'Dockerfile').read_text(), re.M | re.S))


def objects(kind, file=None):
    return [o for name, all in manifests.items() if file in (None, name) for o in all if o.get('kind') == kind]


def one(kind, file):
    found = objects(kind, file)
    assert len(found) == 1, f'{len(found)} {kind} in {file}'
    return found[0]


workloads = objects('StatefulSet') + objects('Deployment')
pods = [w['spec']['template']['spec'] for w in workloads]
containers = [(pod, c) for pod in pods for c in pod['containers']]
ours = [(pod, c) for pod, c in containers if c['image'] in programs]


def arguments(container):
    return container.get('command', []) + container.get('args', [])


class Kubernetes(unittest.TestCase):
    def test_everything_is_there(self):
        self.assertEqual({c['image'] for _, c in ours}, set(programs))
        for resource in manifests['kustomization.yaml'][0]['resources']:
            self.assertIn(resource, manifests)

    def test_names_with_few_dots_are_asked_for_once(self):
        for pod in {id(pod): pod for pod, _ in ours}.values():
            self.assertIn({'name': 'ndots', 'value': '1'}, pod['dnsConfig']['options'])

    def test_containers_are_confined(self):
        for pod, container in containers:
            self.assertTrue(pod['securityContext']['runAsNonRoot'])
            self.assertEqual(pod['securityContext']['seccompProfile'], {'type': 'RuntimeDefault'})
            self.assertGreater(pod['securityContext']['runAsUser'], 0)
            self.assertFalse(pod['automountServiceAccountToken'])
            # Or a Service called mtcp would give the programs a variable MTCP_PORT.
            self.assertFalse(pod['enableServiceLinks'])
            self.assertEqual(container['securityContext'], {
                'allowPrivilegeEscalation': False, 'readOnlyRootFilesystem': True, 'capabilities': {'drop': ['ALL']}})
            self.assertFalse({'hostNetwork', 'hostPID', 'hostIPC'} & set(pod))
            for volume in pod.get('volumes', []):
                self.assertTrue({'secret', 'configMap', 'emptyDir'} & set(volume), volume)

    def test_the_user_is_that_of_the_images(self):
        user = re.search(r'^USER (\d+):(\d+)$', stages['runtime'], re.M).groups()
        for pod, _ in ours:
            context = pod['securityContext']
            self.assertEqual((str(context['runAsUser']), str(context['runAsGroup'])), user)
            self.assertEqual(str(context['fsGroup']), user[1])

    def test_no_secret_is_told(self):
        self.assertEqual(objects('Secret'), [])
        for file in (docker / 'kubernetes').iterdir():
            self.assertNotRegex(file.read_text(), r'mtcp1-')
        for pod, container in ours:
            volume, = [v for v in pod['volumes'] if 'secret' in v]
            mount, = [m for m in container['volumeMounts'] if m['name'] == volume['name']]
            self.assertTrue(mount['readOnly'])
            self.assertEqual(volume['secret']['defaultMode'] & 0o037, 0)
            self.assertIn(f"--key-file {mount['mountPath']}/mtcp.key", ' '.join(arguments(container)))

    def test_images_and_ports_are_those_of_docker(self):
        for _, container in ours:
            self.assertIn(container['image'], {service['image'] for service in compose.values()})
            exposed = re.search(r'^EXPOSE (.*)$', stages[container['image'].removeprefix('mtcp-')], re.M)[1].split()
            for port in container.get('ports', []):
                self.assertIn(str(port['containerPort']), exposed)
            # Probes need the status where the node reaches it, or else a command in the container.
            probes = [container[p] for p in ('readinessProbe', 'livenessProbe') if p in container]
            variables = {v['name']: value_of(v) for v in container['env']}
            for probe in probes:
                if 'httpGet' in probe:
                    port, = [p for p in container['ports'] if p['name'] == probe['httpGet']['port']]
                    self.assertEqual(variables['MTCP_STATUS'], f":{port['containerPort']}")
                    self.assertIn(probe['httpGet']['path'], ('/healthz', '/readyz'))
                else:
                    self.assertEqual(probe['exec']['command'], [container['image'], 'health'])

    def test_there_is_time_to_drain(self):
        for pod, _ in ours:
            self.assertGreaterEqual(pod['terminationGracePeriodSeconds'], 12)

    def test_selectors_select(self):
        labels = [w['spec']['template']['metadata']['labels'] for w in workloads]
        for workload in workloads:
            self.assertEqual(workload['spec']['selector']['matchLabels'], workload['spec']['template']['metadata']['labels'])
        for service in objects('Service'):
            self.assertIn(service['spec']['selector'], labels)
        for budget in objects('PodDisruptionBudget'):
            self.assertIn(budget['spec']['selector']['matchLabels'], labels)
            self.assertEqual(budget['spec']['maxUnavailable'], 1)
        for policy in objects('NetworkPolicy'):
            self.assertIn(policy['spec']['podSelector']['matchLabels'], labels)

    def test_clients_stay_with_their_server(self):
        service = one('Service', 'service.yaml')['spec']
        self.assertEqual(service['sessionAffinity'], 'ClientIP')
        self.assertEqual(service['externalTrafficPolicy'], 'Local')
        front = one('Service', 'haproxy.yaml')['spec']
        self.assertEqual(front['externalTrafficPolicy'], 'Local')
        text = haproxy_configuration()
        self.assertIn('balance source', text)
        servers = one('StatefulSet', 'server.yaml')
        name, names = servers['metadata']['name'], servers['spec']['serviceName']
        self.assertIn(names, {s['metadata']['name'] for s in objects('Service', 'server.yaml')})
        self.assertEqual(re.findall(rf'^    server \w+ (\S+)$', text, re.M), [
            f"{name}-{i}.{names}.{servers['metadata']['namespace']}.svc.cluster.local:8443"
            for i in range(servers['spec']['replicas'])])

    @unittest.skipUnless(haproxy, 'no haproxy (Debian: haproxy)')
    def test_haproxy_runs_with_its_configuration(self):
        pod, = [w['spec']['template']['spec'] for w in objects('Deployment', 'haproxy.yaml')]
        probed = {p['name']: p['containerPort'] for p in pod['containers'][0]['ports']}['health']
        here, text = free_port(), haproxy_configuration()
        with tempfile.TemporaryDirectory() as work:
            text = text.replace(f'bind :{probed}', f'bind 127.0.0.1:{here}').replace('bind :8443', f'bind unix@{work}/bridges')
            file = pathlib.Path(work, 'haproxy.cfg')
            file.write_text(text)
            checked = subprocess.run([haproxy, '-c', '-f', file], capture_output=True, text=True)
            self.assertEqual((checked.returncode, '[WARNING]' in checked.stderr), (0, False), checked.stderr)
            with subprocess.Popen([haproxy, '-q', '-db', '-f', file]) as running:
                try:
                    self.assertEqual(eventual_status(f'http://127.0.0.1:{here}/healthz'), 200)
                finally:
                    running.kill()

    def test_programs_take_their_options(self):
        for pod, container in ours:
            with tempfile.TemporaryDirectory() as work:
                done = check(pathlib.Path(work), pod, container)
            self.assertEqual(done.returncode, 0, done.stderr)
            print(container['image'] + ':', done.stdout.replace('\n', '; '))

    def test_variables_are_options(self):
        for _, container in ours:
            told = subprocess.run([programs[container['image']], '--help'], capture_output=True, text=True).stdout
            for name in variables(container):
                self.assertIn('--' + name.removeprefix('MTCP_').lower().replace('_', '-'), told)


@functools.cache
def haproxy_configuration():
    maps = {o['metadata']['name']: o for o in objects('ConfigMap', 'haproxy.yaml')}
    return maps['mtcp-haproxy']['data']['haproxy.cfg']


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        return taken.getsockname()[1]


def eventual_status(url):
    """Of an HTTP server that is starting."""
    end = time.monotonic() + 10
    while True:
        try:
            return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5).status
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def value_of(variable):
    """As written, or an address where the cluster fills one in."""
    if 'value' in variable:
        return variable['value']
    assert variable['valueFrom'] == {'fieldRef': {'fieldPath': 'status.hostIP'}}, variable
    return '192.0.2.10'


def variables(container):
    """Those of the container, and of the ConfigMaps that it takes more from, in the files that have them."""
    found = {v['name']: value_of(v) for v in container['env']}
    for source in container.get('envFrom', []):
        name = source['configMapRef']['name']
        for options in objects('ConfigMap'):
            if options['metadata']['name'] == name:
                found |= options['data']
    return found


def check(work, pod, container):
    """`check` as the container would run, the key lying as a node lays a Secret: root's, the group's to read, behind links.

    Whoever is not root has the key as a file of his own.
    """
    program = work / container['image']
    shutil.copy(programs[container['image']], program)
    work.chmod(0o755)
    volume = work / '..data'
    volume.mkdir()
    key = volume / 'mtcp.key'
    subprocess.run([programs['mtcp-server'], 'keygen', '--output', key], check=True)
    (work / 'mtcp.key').symlink_to('..data/mtcp.key')
    words = [a if not a.endswith('/mtcp.key') else str(work / 'mtcp.key') for a in arguments(container)]
    user = {}
    if os.geteuid() == 0:
        context = pod['securityContext']
        os.chown(key, 0, context['fsGroup'])
        key.chmod([v for v in pod['volumes'] if 'secret' in v][0]['secret']['defaultMode'])
        user = {'user': context['runAsUser'], 'group': context['runAsGroup'], 'extra_groups': [context['fsGroup']]}
    return subprocess.run([program, 'check', *words], env=variables(container), capture_output=True, text=True, **user)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
