// Days, weeks and months in an IANA zone, on instants in milliseconds.

export interface Parts {
  year: number;
  month: number; // 1 to 12
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let f = formats.get(zone);
  if (!f) {
    f = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    });
    formats.set(zone, f);
  }
  return f;
}

// parts gives the clock and the calendar of an instant in a zone.
export function parts(at: number, zone: string): Parts {
  const out: Record<string, number> = {};
  for (const p of format(zone).formatToParts(at)) if (p.type !== 'literal') out[p.type] = Number(p.value);
  return out as unknown as Parts;
}

// offset is how many milliseconds the zone's clock is ahead of UTC at an instant.
export function offset(at: number, zone: string): number {
  const p = parts(at, zone);
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(at / 1000) * 1000;
}

// instant is when the zone's clock shows the given time. Of two such instants it is the first; of a time that
// the clock skips it is the one as much later. Months and days may overflow: month 13 is January.
export function instant(zone: string, year: number, month: number, day: number, hour = 0, minute = 0): number {
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  const before = wall - offset(wall - 86_400_000, zone);
  const after = wall - offset(wall + 86_400_000, zone);
  const fits = [Math.min(before, after), Math.max(before, after)].filter((t) => t + offset(t, zone) === wall);
  return fits[0] ?? before;
}

export function startOfDay(at: number, zone: string, plusDays = 0): number {
  const p = parts(at, zone);
  return instant(zone, p.year, p.month, p.day + plusDays);
}

export function startOfMonth(at: number, zone: string, plusMonths = 0): number {
  const p = parts(at, zone);
  return instant(zone, p.year, p.month + plusMonths, 1);
}

// offsetLabel is "UTC+3" or "UTC+5:30".
export function offsetLabel(at: number, zone: string): string {
  const minutes = Math.round(offset(at, zone) / 60_000);
  const a = Math.abs(minutes);
  const rest = a % 60 ? ':' + String(a % 60).padStart(2, '0') : '';
  return minutes === 0 ? 'UTC' : `UTC${minutes < 0 ? '\u2212' : '+'}${Math.floor(a / 60)}${rest}`;
}
