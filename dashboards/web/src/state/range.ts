import { instant, parts, startOfDay, startOfMonth } from '../format/zone.ts';

// Presets are the periods that are named; any other is custom.
export const presets = ['24h', '7d', '30d', '90d', 'this_month', 'previous_month'] as const;
export type Preset = (typeof presets)[number];

// Range is a period of time in milliseconds, [from, to). Preset is empty when it is custom.
export interface Range {
  preset: Preset | '';
  from: number;
  to: number;
}

const hour = 3_600_000;
const dayMs = 24 * hour;

function isPreset(name: string): name is Preset {
  return (presets as readonly string[]).includes(name);
}

// resolve works a preset out at an instant. Periods end with the hour under way; days begin at midnight of the zone.
export function resolve(preset: Preset, now: number, zone: string): Range {
  const end = Math.ceil((now + 1) / hour) * hour;
  switch (preset) {
    case '24h':
      return { preset, from: end - 24 * hour, to: end };
    case '7d':
      return { preset, from: startOfDay(now, zone, -6), to: end };
    case '30d':
      return { preset, from: startOfDay(now, zone, -29), to: end };
    case '90d':
      return { preset, from: startOfDay(now, zone, -89), to: end };
    case 'this_month':
      return { preset, from: startOfMonth(now, zone), to: end };
    case 'previous_month':
      return { preset, from: startOfMonth(now, zone, -1), to: startOfMonth(now, zone) };
  }
}

// read takes the range out of an address; what it cannot read becomes the fallback.
export function read(search: URLSearchParams, fallback: string, now: number, zone: string): Range {
  const from = Date.parse(search.get('from') ?? '');
  const to = Date.parse(search.get('to') ?? '');
  if (from < to) return { preset: '', from, to };
  const named = search.get('range') ?? fallback;
  return resolve(isPreset(named) ? named : '30d', now, zone);
}

// write puts the range into an address.
export function write(search: URLSearchParams, range: { preset: Preset | ''; from: number; to: number }): URLSearchParams {
  const out = new URLSearchParams(search);
  for (const key of ['range', 'from', 'to']) out.delete(key);
  if (range.preset) {
    out.set('range', range.preset);
  } else {
    out.set('from', iso(range.from));
    out.set('to', iso(range.to));
  }
  return out;
}

export function iso(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

export type Step = 'hour' | 'day' | 'week' | 'month';

// autoStep fits the step of a chart to its period, so that a series has at most some 200 points.
export function autoStep(from: number, to: number): Step {
  const length = to - from;
  if (length <= 3 * dayMs + 2 * hour) return 'hour';
  if (length <= 190 * dayMs) return 'day';
  if (length <= 3 * 366 * dayMs) return 'week';
  return 'month';
}

// usageStep is the width of a point of samples in seconds, at most 180 of them in the period; at least five minutes.
export function usageStep(from: number, to: number): number {
  const widths = [300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400];
  const seconds = (to - from) / 1000;
  return widths.find((w) => seconds / w <= 180) ?? 7 * 86_400;
}

// snap makes a dragged selection end at whole hours (or five minutes when it is short), at least as long as one of them.
export function snap(from: number, to: number): { from: number; to: number } {
  const grain = to - from > 6 * hour ? hour : hour / 12;
  const a = Math.floor(from / grain) * grain;
  const b = Math.ceil(to / grain) * grain;
  return { from: a, to: Math.max(b, a + hour) };
}

// shifted moves a period back by as many whole steps as it has, so that its points stand beside those of the period.
export function shifted(from: number, to: number, step: Step, zone: string): { from: number; to: number } {
  const back = (at: number, days: number, months: number) => {
    const p = parts(at, zone);
    return instant(zone, p.year, p.month - months, p.day - days, p.hour, p.minute);
  };
  if (step === 'hour') return { from: from - Math.ceil((to - from) / hour) * hour, to: to - Math.ceil((to - from) / hour) * hour };
  if (step === 'month') {
    const a = parts(from, zone);
    const b = parts(to - 1, zone);
    const months = (b.year - a.year) * 12 + b.month - a.month + 1;
    return { from: back(from, 0, months), to: Math.min(from, back(to, 0, months)) };
  }
  const unit = step === 'week' ? 7 : 1;
  const days = Math.max(1, Math.ceil((startOfDay(to - 1, zone, 1) - startOfDay(from, zone)) / dayMs / unit - 0.1)) * unit;
  return { from: back(from, days, 0), to: back(to, days, 0) };
}

// previous is the period before, as long: whole months back when both ends are first days of months.
export function previous(from: number, to: number, zone: string): { from: number; to: number } {
  const a = parts(from, zone);
  const b = parts(to, zone);
  const midnight = (p: typeof a) => p.hour === 0 && p.minute === 0 && p.second === 0;
  if (midnight(a) && midnight(b)) {
    const months = (b.year - a.year) * 12 + b.month - a.month;
    if (a.day === 1 && b.day === 1 && months > 0) return { from: instant(zone, a.year, a.month - months, 1), to: from };
    const days = Math.round((to - from) / dayMs);
    return { from: startOfDay(from, zone, -days), to: from };
  }
  return { from: from - (to - from), to: from };
}
