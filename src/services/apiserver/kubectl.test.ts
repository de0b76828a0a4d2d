import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer, WIDGET_CRD, type KubectlResult } from './server.fixture.ts';

/** kubectl itself, broadly; a slow machine needs time for a dozen of processes */
const TIMEOUT = 120_000;

const MANIFEST = `
apiVersion: example.org/v1
kind: Widget
metadata: {name: one, namespace: default, labels: {app: a}}
spec: {size: 3}
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: two, namespace: default}
spec:
`;

let api: TestServer;
beforeAll(async () => {
  api = await TestServer.start();
  expect((await kubectl(['apply', '-f', '-'], JSON.stringify(WIDGET_CRD))).stdout).toContain('created');
  await ok(['wait', '--for=condition=Established', 'crd/widgets.example.org', '--timeout=30s']);
}, TIMEOUT);
afterAll(() => api.stop());

function kubectl(args: readonly string[], input?: string): Promise<KubectlResult> {
  return api.kubectl(args, input);
}

/** Runs kubectl, which must succeed. @returns its output, runs of blanks made one */
async function ok(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input);
  expect(`${code} ${stderr}`).toMatch(/^0 /);
  return stdout.replace(/ +/g, ' ').replace(/ $/gm, '').trim();
}

describe('kubectl', { timeout: TIMEOUT }, () => {
  it('apply, get, describe, patch, label, wait, replace, delete of a custom resource', async () => {
    expect(await ok(['apply', '-f', '-'], MANIFEST)).toBe(
      'widget.example.org/one created\nwidget.example.org/two created',
    );
    expect(await ok(['apply', '-f', '-'], MANIFEST)).toBe(
      'widget.example.org/one unchanged\nwidget.example.org/two unchanged',
    );
    expect(await ok(['apply', '-f', '-'], MANIFEST.replace('size: 3', 'size: 4'))).toContain('one configured');
    expect(await ok(['get', 'wd'])).toBe('NAME SIZE READY\none 4\ntwo');
    expect(await ok(['get', 'widgets,cm', '-l', 'app=a', '-o', 'wide'])).toBe(
      'NAME SIZE READY COLOUR\nwidget.example.org/one 4 red',
    );
    expect(await ok(['get', 'wd', '-o', 'name', '--field-selector', 'metadata.name=two'])).toBe(
      'widget.example.org/two',
    );
    expect(await ok(['get', 'wd', 'one', '-o', 'jsonpath={.spec.size}/{.metadata.generation}'])).toBe('4/2');
    const ready =
      '{"status":{"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}';
    await ok(['patch', 'wd', 'one', '--type=merge', '--subresource=status', '-p', ready]);
    await ok(['wait', '--for=condition=Ready', 'wd/one', '--timeout=30s']);
    await ok(['patch', 'wd', 'one', '--type=json', '-p', '[{"op":"replace","path":"/spec/size","value":5}]']);
    expect(await ok(['label', 'wd', 'one', 'x=y'])).toBe('widget.example.org/one labeled');
    expect(await ok(['annotate', 'wd', 'one', 'x=y'])).toBe('widget.example.org/one annotated');
    expect(await ok(['describe', 'wd', 'one'])).toMatch(/Size: 5\n(.|\n)*Type: Ready\nEvents: <none>$/);
    const old = await ok(['get', 'wd', 'one', '-o', 'json']);
    await ok(['annotate', 'wd', 'one', 'z=y']);
    const stale = await kubectl(['replace', '-f', '-'], old);
    expect(stale.stderr).toContain(
      'the object has been modified; please apply your changes to the latest version and try again',
    );
    const deleted = ok(['wait', '--for=delete', 'wd/two', '--timeout=30s']);
    expect(await ok(['delete', 'wd', '--all'])).toContain('widget.example.org "two" deleted');
    await deleted;
  });

  it('says what is wrong with a manifest', async () => {
    const wrong = (spec: string): Promise<KubectlResult> =>
      kubectl(
        ['apply', '-f', '-'],
        `apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w, namespace: default}\nspec: ${spec}`,
      );
    expect((await wrong('{nope: 1}')).stderr).toContain('strict decoding error: unknown field "spec.nope"');
    expect((await wrong('{size: 0}')).stderr).toContain(
      'The Widget "w" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    );
    const unknown = await kubectl(['apply', '-f', '-'], 'apiVersion: nope.org/v1\nkind: Nope\nmetadata: {name: w}');
    expect(unknown.stderr).toContain(
      'no matches for kind "Nope" in version "nope.org/v1"\nensure CRDs are installed first',
    );
    const tolerant =
      'apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w, namespace: default}\nspec: {nope: 1}';
    const warned = await kubectl(['create', '--validate=warn', '-f', '-'], tolerant);
    expect([warned.code, warned.stderr.trim()]).toEqual([0, 'Warning: unknown field "spec.nope"']);
  });

  it('get -w shows changes as they come', async () => {
    await ok(['create', 'configmap', 'watched', '--from-literal=a=b']);
    const watching = kubectl(['get', 'cm', 'watched', '-w', '--request-timeout=5s']);
    for (const key of ['c', 'd']) await ok(['patch', 'cm', 'watched', '-p', `{"data":{"${key}":"x"}}`]);
    expect((await watching).stdout).toMatch(/watched +3 /);
  });

  it('explain, api-resources, version, cluster-info, api-versions', async () => {
    expect(await ok(['explain', 'widget.spec'])).toMatch(
      /KIND: Widget\n(.|\n)*What the widget should be\n(.|\n)*size\t<integer>\n How big it is/,
    );
    expect(await ok(['explain', 'wd.spec.parts', '--recursive'])).toContain('id\t<string> -required-');
    expect(await ok(['api-resources'])).toMatch(/widgets wd example.org\/v1 true Widget/);
    expect(await ok(['version'])).toContain('Server Version: v1.32.0+weft');
    expect(await ok(['cluster-info'])).toContain('Kubernetes control plane');
    expect((await ok(['api-versions'])).split('\n')).toEqual(expect.arrayContaining(['v1', 'example.org/v1']));
  });

  it('namespaces, pods, nodes, secrets, events of built-in kinds', async () => {
    await ok(['create', 'namespace', 'demo']);
    await ok(['create', 'secret', 'generic', 's', '-n', 'demo', '--from-literal=a=b']);
    await ok(['create', 'serviceaccount', 'sa', '-n', 'demo']);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'demo' },
      spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] },
    };
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/worker': '' } },
    };
    await ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [pod, node] }));
    await ok([
      'patch',
      'pod',
      'p',
      '-n',
      'demo',
      '--subresource=status',
      '-p',
      '{"status":{"phase":"Running","podIP":"10.0.0.2"}}',
    ]);
    expect(await ok(['get', 'pods', '-A', '-o', 'wide', '--field-selector', 'spec.nodeName=n1'])).toMatch(
      /NAMESPACE NAME READY STATUS RESTARTS AGE IP NODE .*\ndemo p 0\/1 Running 0 \d+s 10.0.0.2 n1 /,
    );
    expect(await ok(['get', 'nodes'])).toMatch(/NAME STATUS ROLES AGE VERSION\nn1 Unknown worker \d+s/);
    const uid = await ok(['get', 'pod', 'p', '-n', 'demo', '-o', 'jsonpath={.metadata.uid}']);
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: 'demo' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'demo', uid },
      reason: 'Plugged',
      message: 'the port is up',
      type: 'Normal',
      firstTimestamp: new Date().toISOString(),
      lastTimestamp: new Date().toISOString(),
      count: 1,
    };
    await ok(['create', '-f', '-'], JSON.stringify(event));
    expect(await ok(['describe', 'pod', 'p', '-n', 'demo'])).toMatch(/Normal Plugged \d+s the port is up$/);
    expect(await ok(['events', '-n', 'demo', '--for', 'pod/p'])).toContain('Plugged Pod/p the port is up');
    expect(await ok(['get', 'events', '-n', 'demo'])).toMatch(/\d+s Normal Plugged pod\/p the port is up/);
    await ok(['delete', 'namespace', 'demo']);
    expect((await kubectl(['get', 'pod', 'p', '-n', 'demo'])).stderr).toContain('not found');
  });
});
