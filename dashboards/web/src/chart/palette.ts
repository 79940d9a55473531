// Colours of marks; each differs from the card's background by at least 3 to 1 in its theme.
const light = ['#2563eb', '#059669', '#d97706', '#7c3aed', '#db2777', '#0891b2', '#65a30d', '#9333ea', '#c2410c', '#0f766e', '#4f46e5', '#a16207'];
const dark = ['#3b82f6', '#10b981', '#f59e0b', '#8b5cf6', '#ec4899', '#06b6d4', '#84cc16', '#c084fc', '#f97316', '#2dd4bf', '#818cf8', '#eab308'];

export interface Ink {
  text: string;
  grid: string;
  other: string;
  accent: string;
  previous: string;
}

export function ink(isDark: boolean): Ink {
  return isDark
    ? { text: '#9ca8ba', grid: '#26324a', other: '#8391a7', accent: '#60a5fa', previous: '#cbd5e1' }
    : { text: '#5b6472', grid: '#e8ecf2', other: '#8490a2', accent: '#2563eb', previous: '#475569' };
}

// Colours gives each key of a kind its colour, the same on every panel of a page, in the order in which keys are first seen.
export class Colours {
  private kinds = new Map<string, Map<string, number>>();

  of(kind: string, key: string, isDark: boolean): string {
    let seen = this.kinds.get(kind);
    if (!seen) this.kinds.set(kind, (seen = new Map()));
    let i = seen.get(key);
    if (i === undefined) seen.set(key, (i = seen.size));
    const palette = isDark ? dark : light;
    return palette[i % palette.length]!;
  }
}
