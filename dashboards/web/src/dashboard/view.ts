import type { Colours } from '../chart/palette.ts';
import type { Client } from '../api/client.ts';
import type { Filter, GroupKey, PanelQuery, CostQuery, CostAnswer } from '../api/types.ts';
import { autoStep, iso, shifted, type Range, type Step } from '../state/range.ts';
import type { Texts } from '../text/index.ts';

// View is what all panels of a page share.
export interface View {
  range: Range;
  turn: number;
  zone: string;
  // currency is what amounts are converted to; '' shows each currency by itself.
  currency: string;
  // foreign tells whether there is anything to convert.
  foreign: boolean;
  // chosen are the values of the page's variables by dimension.
  chosen: Record<string, string>;
  colours: Colours;
  zoom: (from: number, to: number) => void;
}

// Table is a panel's answer as rows: for the table view and for CSV. Raw cells are exact and plain.
export interface Table {
  head: string[];
  rows: { cells: string[]; raw: string[] }[];
  numeric: boolean[];
}

// costQuery is the question of a panel for the page's period with the page's variables as further conditions.
export function costQuery(q: PanelQuery, view: View): CostQuery {
  return {
    from: iso(view.range.from),
    to: iso(view.range.to),
    zone: view.zone,
    step: q.step === 'auto' ? autoStep(view.range.from, view.range.to) : q.step,
    filter: withChosen(q.filter, view.chosen),
    group_by: q.group_by,
    metric: q.metric,
    compare: q.compare,
    top: q.top,
    currency: view.currency,
  };
}

export function withChosen(filter: Filter | undefined, chosen: Record<string, string>): Filter | undefined {
  const extra = Object.entries(chosen).map(([dimension, value]): Filter => ({ op: 'equals', dimension, values: [value] }));
  const args = filter ? [filter, ...extra] : extra;
  if (args.length === 0) return undefined;
  return args.length === 1 ? args[0]! : { op: 'and', args };
}

export function keyOf(query: unknown, view: View): string {
  return JSON.stringify(query) + '#' + view.turn;
}

// Costs is an answer and, when asked for, that of the period as many whole steps before.
export interface Costs {
  query: CostQuery;
  answer: CostAnswer;
  before?: CostAnswer;
}

export async function askCosts(client: Client, query: CostQuery, withPrevious: boolean, signal: AbortSignal): Promise<Costs> {
  if (!withPrevious) return { query, answer: await client.costs(query, signal) };
  const zone = query.zone ?? 'UTC';
  const past = shifted(Date.parse(query.from), Date.parse(query.to), query.step as Step, zone);
  const [answer, before] = await Promise.all([
    client.costs(query, signal),
    client.costs({ ...query, from: iso(past.from), to: iso(past.to), group_by: [], top: 0, compare: '' }, signal),
  ]);
  return { query, answer, before };
}

export function stepOf(query: CostQuery): Step | '' {
  return query.step as Step | '';
}

// groupLabel names one key of a group for people.
export function groupLabel(dimension: string, key: GroupKey, t: Texts): string {
  if (key.value === '') return t.common.empty;
  if (dimension === 'resource_type') return t.resources.typeOne[key.value] ?? key.label;
  return t.dimensionValues[dimension]?.[key.value] ?? (key.label || key.value);
}

export function dimensionName(dimension: string, t: Texts): string {
  return dimension.startsWith('tag:') ? t.resources.tag(dimension.slice(4)) : (t.dimensions[dimension] ?? dimension);
}

// csv writes a table for other programs: commas, quotes where needed, and no cell that a spreadsheet takes for a formula.
export function csv(table: Table): string {
  const line = (cells: string[], numeric?: boolean[]) => cells.map((c, i) => quote(numeric?.[i] ? c : harmless(c))).join(',');
  return '\ufeff' + [line(table.head), ...table.rows.map((r) => line(r.raw, table.numeric))].join('\r\n') + '\r\n';
}

function harmless(cell: string): string {
  return /^[=+\-@\t\r]/.test(cell) ? "'" + cell : cell;
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? '"' + cell.replaceAll('"', '""') + '"' : cell;
}

export function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const a = document.createElement('a');
  a.href = address;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
