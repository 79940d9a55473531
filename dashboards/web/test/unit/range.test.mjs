import test from 'node:test';
import assert from 'node:assert/strict';
import { autoStep, previous, read, resolve, shifted, snap, usageStep, write } from '../../src/state/range.ts';
import { instant, offsetLabel, parts, startOfDay } from '../../src/format/zone.ts';
import { stack } from '../../src/chart/stack.ts';

const at = (text) => Date.parse(text);
const moscow = 'Europe/Moscow';

test('presets begin at midnight of the zone and end with the hour', () => {
  const now = at('2026-11-23T22:10:00Z'); // the 24th in Moscow
  const days = resolve('7d', now, moscow);
  assert.equal(days.from, at('2026-11-17T21:00:00Z'));
  assert.equal(days.to, at('2026-11-23T23:00:00Z'));
  assert.equal(resolve('this_month', now, moscow).from, at('2026-10-31T21:00:00Z'));
  const month = resolve('previous_month', now, moscow);
  assert.equal(month.from, at('2026-09-30T21:00:00Z'));
  assert.equal(month.to, at('2026-10-31T21:00:00Z'));
  assert.equal(resolve('24h', now, moscow).from, at('2026-11-22T23:00:00Z'));
});

test('a month before January is December', () => {
  const month = resolve('previous_month', at('2026-01-15T12:00:00Z'), moscow);
  assert.equal(month.from, at('2025-11-30T21:00:00Z'));
});

test('the address carries the range and what is wrong in it is ignored', () => {
  const now = at('2026-11-23T12:10:00Z');
  const custom = { preset: '', from: at('2026-11-01T00:00:00Z'), to: at('2026-11-02T00:00:00Z') };
  const search = write(new URLSearchParams('range=7d&q=x'), custom);
  assert.equal(search.toString(), 'q=x&from=2026-11-01T00%3A00%3A00Z&to=2026-11-02T00%3A00%3A00Z');
  assert.deepEqual(read(search, '30d', now, moscow), custom);
  assert.equal(read(new URLSearchParams('range=nonsense'), '7d', now, moscow).preset, '30d');
  assert.equal(read(new URLSearchParams('from=2026-02-02T00:00:00Z&to=2026-01-01T00:00:00Z'), '7d', now, moscow).preset, '7d');
});

test('steps keep a series under a thousand points', () => {
  const to = at('2026-11-23T00:00:00Z');
  for (const days of [0.04, 1, 3, 7, 30, 90, 365, 1000, 4000]) {
    const from = to - days * 86_400_000;
    const width = { hour: 1 / 24, day: 1, week: 7, month: 30 }[autoStep(from, to)];
    assert.ok(days / width <= 200, `${days} days by ${autoStep(from, to)}`);
    assert.ok((days * 86_400) / usageStep(from, to) <= 600, `${days} days of samples`);
  }
  assert.equal(autoStep(to - 86_400_000, to), 'hour');
  assert.equal(autoStep(to - 7 * 86_400_000, to), 'day');
});

test('a dragged selection is snapped and never empty', () => {
  assert.deepEqual(snap(at('2026-11-01T10:20:00Z'), at('2026-11-02T10:20:00Z')), { from: at('2026-11-01T10:00:00Z'), to: at('2026-11-02T11:00:00Z') });
  const small = snap(at('2026-11-01T10:21:00Z'), at('2026-11-01T10:22:00Z'));
  assert.equal(small.to - small.from, 3_600_000);
});

test('the previous period', () => {
  const month = previous(at('2026-02-28T21:00:00Z'), at('2026-03-31T21:00:00Z'), moscow); // March
  assert.equal(month.from, at('2026-01-31T21:00:00Z')); // February, shorter
  assert.equal(month.to, at('2026-02-28T21:00:00Z'));
  const hours = previous(at('2026-03-10T10:00:00Z'), at('2026-03-10T15:00:00Z'), moscow);
  assert.equal(hours.from, at('2026-03-10T05:00:00Z'));
  const spring = previous(instant('Europe/Berlin', 2026, 3, 30), instant('Europe/Berlin', 2026, 3, 31), 'Europe/Berlin');
  assert.equal(spring.from, instant('Europe/Berlin', 2026, 3, 29)); // a day of 23 hours
});

test('zones with summer time', () => {
  const zone = 'Europe/Berlin';
  assert.equal(instant(zone, 2026, 3, 29), at('2026-03-28T23:00:00Z'));
  assert.equal(instant(zone, 2026, 3, 30), at('2026-03-29T22:00:00Z'));
  assert.equal(instant(zone, 2026, 10, 25), at('2026-10-24T22:00:00Z'));
  assert.equal(instant(zone, 2026, 10, 26), at('2026-10-25T23:00:00Z'));
  assert.equal(instant(zone, 2026, 10, 25, 2, 30), at('2026-10-25T00:30:00Z'));
  assert.equal(startOfDay(at('2026-03-29T12:00:00Z'), zone, 1), at('2026-03-29T22:00:00Z'));
  assert.equal(parts(at('2026-03-29T01:00:00Z'), zone).hour, 3);
  assert.equal(offsetLabel(at('2026-11-23T00:00:00Z'), moscow), 'UTC+3');
  assert.equal(offsetLabel(at('2026-11-23T00:00:00Z'), 'Asia/Kolkata'), 'UTC+5:30');
  assert.equal(offsetLabel(at('2026-11-23T00:00:00Z'), 'UTC'), 'UTC');
});

test('stacking', () => {
  assert.deepEqual(stack([[1, 2, null], [10, null, null], [100, 200, null]]), [[1, 2, null], [11, 2, null], [111, 202, null]]);
  assert.deepEqual(stack([]), []);
  assert.deepEqual(stack([[0, null]]), [[0, null]]);
});

test('the period a chart is compared with stands whole steps before', () => {
  const from = at('2026-10-24T21:00:00Z'); // midnight of 25 October in Moscow
  const to = at('2026-11-23T05:00:00Z');
  assert.deepEqual(shifted(from, to, 'day', moscow), { from: at('2026-09-24T21:00:00Z'), to: at('2026-10-24T05:00:00Z') });
  assert.deepEqual(shifted(at('2026-11-23T00:00:00Z'), at('2026-11-23T05:00:00Z'), 'hour', moscow), { from: at('2026-11-22T19:00:00Z'), to: at('2026-11-23T00:00:00Z') });
  const month = shifted(at('2026-01-31T21:00:00Z'), at('2026-03-31T21:00:00Z'), 'month', moscow); // February and March
  assert.equal(month.from, at('2025-11-30T21:00:00Z'));
  assert.equal(month.to, at('2026-01-31T21:00:00Z'));
  const weeks = shifted(instant('Europe/Berlin', 2026, 3, 23), instant('Europe/Berlin', 2026, 4, 6), 'week', 'Europe/Berlin'); // over the change of clocks
  assert.equal(weeks.from, instant('Europe/Berlin', 2026, 3, 9));
  assert.equal(weeks.to, instant('Europe/Berlin', 2026, 3, 23));
});
