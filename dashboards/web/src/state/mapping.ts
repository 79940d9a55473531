// The column mapping of a table as providers/table keeps it, and what the wizard does with it.
import * as decimal from '../format/decimal.ts';

export interface LeaveOut {
  column: string;
  equals?: string;
  prefix?: string;
  contains?: string;
  empty?: boolean;
}

export interface Mapping {
  version: number;
  sheet?: string;
  header_row?: number;
  no_header?: boolean;
  delimiter?: string;
  encoding?: string;
  date_order?: string;
  zone?: string;
  period?: string;
  end_inclusive?: boolean;
  decimal?: string;
  group?: string;
  sign?: string;
  currency?: string;
  columns: Record<string, string>;
  tags?: { column: string; key?: string }[];
  categories?: Record<string, string>;
  provider?: string;
  leave_out?: LeaveOut[];
  bad_rows?: string;
}

// readMapping reads a kept mapping; null when there is none or it is not one.
export function readMapping(text: string): Mapping | null {
  try {
    const m = JSON.parse(text) as Mapping;
    return m && typeof m === 'object' && typeof m.columns === 'object' && m.columns ? m : null;
  } catch {
    return null;
  }
}

// writeMapping leaves out what is empty.
export function writeMapping(m: Mapping): string {
  return JSON.stringify(Object.fromEntries(Object.entries(m).filter(([k, v]) => k === 'columns' || !(v === '' || v === undefined || v === false || v === 0 || (Array.isArray(v) && v.length === 0)))));
}

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

// withRole makes a column what the role says, and nothing else; '' makes it unused. Another column of that role loses it.
export function withRole(m: Mapping, column: string, role: string): Mapping {
  const columns = Object.fromEntries(Object.entries(m.columns).filter(([r, c]) => !same(c, column) && r !== role));
  const tags = (m.tags ?? []).filter((t) => !same(t.column, column));
  if (role === 'tag') tags.push({ column, key: column });
  else if (role !== '') columns[role] = column;
  return { ...m, columns, tags };
}

// withTagKey names the tag of a column; '' is a column of many tags.
export function withTagKey(m: Mapping, column: string, key: string): Mapping {
  return { ...m, tags: (m.tags ?? []).map((t) => (same(t.column, column) ? (key === '' ? { column: t.column } : { column: t.column, key }) : t)) };
}

export type Condition = 'prefix' | 'equals' | 'contains' | 'empty';

export function conditionOf(r: LeaveOut): { how: Condition; value: string } {
  if (r.empty) return { how: 'empty', value: '' };
  if (r.equals) return { how: 'equals', value: r.equals };
  if (r.contains) return { how: 'contains', value: r.contains };
  return { how: 'prefix', value: r.prefix ?? '' };
}

// readAmount reads an amount as people write it: "117 150,50 ₽", "117,150.50", "(12.50)". Null when it is none. One separator before
// exactly three digits parts thousands.
export function readAmount(text: string): string | null {
  const bare = text.trim().replace(/[₽$€£₸]|руб\.?|р\.|[A-Z]{3}/gi, '').replace(/[\s'’\u00a0\u202f]/g, '').replace(/^−/, '-');
  const inner = /^\((.*)\)$/.exec(bare)?.[1];
  const signed = inner !== undefined ? '-' + inner : bare;
  if (!/^-?[\d.,]+$/.test(signed) || !/\d/.test(signed)) return null;
  const last = Math.max(signed.lastIndexOf(','), signed.lastIndexOf('.'));
  if (last < 0) return signed;
  const sep = signed[last]!;
  const both = signed.includes(',') && signed.includes('.');
  const many = signed.split(sep).length > 2;
  const tail = signed.slice(last + 1);
  if ((many && both) || !/^\d*$/.test(tail)) return null;
  if (!both && (many || (tail.length === 3 && !/^-?0/.test(signed)))) return signed.replaceAll(sep, '');
  const whole = signed.slice(0, last).replace(/[.,]/g, '');
  return (whole === '' || whole === '-' ? whole + '0' : whole) + (tail ? '.' + tail : '');
}

export interface Comparison {
  agrees: boolean;
  // difference is total - document, in kopecks or cents.
  difference: string;
  reasons: ('left' | 'unpriced' | 'tax' | 'currencies')[];
}

interface Found {
  totals: { currency: string; cost: string }[];
  unpriced: number;
  left_out: { totals: { currency: string; cost: string }[] }[];
}

// compareTotal compares the first total of a file with that of a document, to the kopeck, and says what may be behind a difference.
export function compareTotal(p: Found, document: string): Comparison | null {
  const total = p.totals[0];
  if (!total) return null;
  const difference = decimal.subtract(decimal.round(total.cost, 2), decimal.round(document, 2));
  const out: Comparison = { agrees: decimal.isZero(difference), difference, reasons: [] };
  if (out.agrees) return out;
  const near = (a: string, b: string) => decimal.isZero(decimal.subtract(decimal.round(a, 2), decimal.round(b, 2)));
  const back = decimal.subtract('0', difference);
  if (p.left_out.some((l) => l.totals.some((t) => near(t.cost, back)))) out.reasons.push('left');
  if (p.unpriced > 0) out.reasons.push('unpriced');
  const rates = ['0.18', '0.20', '0.22'];
  const times = (a: string, percent: string) => decimal.write(((decimal.parse(a) ?? 0n) * (decimal.parse(percent) ?? 0n)) / 10n ** 18n);
  if (rates.some((r) => near(times(total.cost, r), back) || near(times(document, r), difference))) out.reasons.push('tax');
  if (p.totals.length > 1) out.reasons.push('currencies');
  return out;
}
