import { age } from '../model/human-duration.ts';
import { at, textAt, type KubeObject } from '../model/objects.ts';
import { builtIn, textColumn } from './define.ts';

/** seconds; upstream's default --event-ttl */
const EVENT_TIME_TO_LIVE = 3600;

function lastSeen(event: KubeObject): string {
  const series = textAt(event, 'series', 'lastObservedTime');
  return series || textAt(event, 'lastTimestamp') || textAt(event, 'eventTime') || event.metadata.creationTimestamp;
}

function firstSeen(event: KubeObject): string {
  return textAt(event, 'firstTimestamp') || textAt(event, 'eventTime') || event.metadata.creationTimestamp;
}

function involved(event: KubeObject): string {
  const kind = textAt(event, 'involvedObject', 'kind').toLowerCase();
  const name = textAt(event, 'involvedObject', 'name');
  return name ? `${kind}/${name}` : kind;
}

function source(event: KubeObject): string {
  const [component, host] = [textAt(event, 'source', 'component'), textAt(event, 'source', 'host')];
  return [component || textAt(event, 'reportingComponent'), host].filter(Boolean).join(', ');
}

const INVOLVED_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

const table = builtIn({
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  strategy: {
    nameRule: 'pathSegment',
    timeToLive: EVENT_TIME_TO_LIVE,
    validate(event) {
      const [place, own] = [textAt(event, 'involvedObject', 'namespace'), event.metadata.namespace ?? ''];
      // events about objects of cluster scope live in "default"
      if (place === own || (place === '' && (own === 'default' || own === 'kube-system'))) return [];
      const detail = 'does not match event.namespace';
      return [{ path: 'involvedObject.namespace', type: 'Invalid', value: place, detail }];
    },
    fields: (event) => ({
      ...Object.fromEntries(
        INVOLVED_FIELDS.map((field) => [`involvedObject.${field}`, textAt(event, 'involvedObject', field)]),
      ),
      reason: textAt(event, 'reason'),
      reportingComponent: textAt(event, 'reportingComponent') || textAt(event, 'source', 'component'),
      source: textAt(event, 'source', 'component') || textAt(event, 'reportingComponent'),
      type: textAt(event, 'type'),
    }),
  },
});

/** Events are shown newest fact first, without name and age: their table is their own. */
export const events = {
  ...table,
  versions: table.versions.map((version) => ({
    ...version,
    columns: [
      textColumn('Last Seen'),
      textColumn('Type'),
      textColumn('Reason'),
      textColumn('Object'),
      textColumn('Subobject', { wide: true }),
      textColumn('Source', { wide: true }),
      textColumn('Message'),
      textColumn('First Seen', { wide: true }),
      textColumn('Count', { wide: true }),
      textColumn('Name', { wide: true }),
    ],
    row: (event: KubeObject, now: Date) => [
      age(lastSeen(event), now),
      textAt(event, 'type'),
      textAt(event, 'reason'),
      involved(event),
      textAt(event, 'involvedObject', 'fieldPath'),
      source(event),
      textAt(event, 'message').trim(),
      age(firstSeen(event), now),
      at(event, 'count') ?? 1,
      event.metadata.name,
    ],
  })),
};
