import { expect, test } from 'vitest';
import { type EventObject, keepEvent, PodWarnings } from './pod-warnings.ts';

const event = (name: string, uid: string, message: string, lastTimestamp = ''): EventObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name, namespace: 'shop' },
  involvedObject: { namespace: 'shop', name: `pod-${uid}`, uid },
  reason: 'NoAddress',
  message,
  lastTimestamp,
});
const made = (it: EventObject) => ({ key: `shop/${it.metadata.name}`, old: undefined, new: it });
const gone = (it: EventObject) => ({ key: `shop/${it.metadata.name}`, old: it, new: undefined });

test('the latest of each pod counts; pods are told by uid', () => {
  const warnings = new PodWarnings();
  const [first, second, other] = [event('a', '1', 'full'), event('b', '1', 'taken'), event('c', '2', 'odd')];
  expect([...warnings.follow([first, second, other].map(made))]).toEqual(['shop/pod-1', 'shop/pod-2']);
  expect(warnings.latest('1')).toEqual({ reason: 'NoAddress', message: 'taken' });
  expect(warnings.latest('2')).toEqual({ reason: 'NoAddress', message: 'odd' });
  expect(warnings.latest('3')).toBeUndefined();
  expect(warnings.latest(undefined)).toBeUndefined();
});

test('a list in the order of names: the time decides, and of equal times the later word', () => {
  const warnings = new PodWarnings();
  const at = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
  const [late, early, same] = [event('a', '1', 'l', at(2)), event('b', '1', 'e', at(1)), event('c', '1', 's', at(2))];
  warnings.follow([made(late)]);
  expect(warnings.follow([made(early)]).size).toBe(0);
  expect(warnings.latest('1')?.message).toBe('l');
  warnings.follow([made(same)]);
  expect(warnings.latest('1')?.message).toBe('s');
});

test('an event that expires takes along what it said, and no more', () => {
  const warnings = new PodWarnings();
  const [first, second] = [event('a', '1', 'full'), event('b', '1', 'taken')];
  warnings.follow([first, second].map(made));
  expect(warnings.follow([gone(first)]).size).toBe(0);
  expect(warnings.latest('1')?.message).toBe('taken');
  warnings.follow([gone(second)]);
  expect(warnings.latest('1')).toBeUndefined();
});

test('of events only what is read is kept', () => {
  const bare = event('a', '1', 'full');
  const metadata = { ...bare.metadata, managedFields: [{}] };
  const full = { ...bare, metadata, source: { component: 'x' }, count: 7 };
  expect(keepEvent(full)).toEqual(event('a', '1', 'full'));
});
