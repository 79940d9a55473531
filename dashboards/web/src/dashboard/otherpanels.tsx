import { useMemo } from 'preact/hooks';
import type { Connection, Resource, UsageSeries, UsageSummary } from '../api/types.ts';
import { TimeSeries, type Series } from '../chart/timeseries.tsx';
import { metric as writeMetric, percent } from '../format/number.ts';
import { full } from '../format/time.ts';
import { Link } from '../router.tsx';
import { useApp, type App } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { iso, usageStep } from '../state/range.ts';
import { useDark } from '../state/theme.ts';
import { Badge, Empty, Meter, type BadgeTone } from '../ui/basics.tsx';
import { When } from '../ui/values.tsx';
import type { PanelProps } from './costpanels.tsx';
import { Frame } from './frame.tsx';
import { keyOf, type Table, type View } from './view.ts';

interface Machine {
  connection: string;
  id: string;
  name: string;
  resource?: Resource;
  of: Record<string, UsageSummary>;
}

// askLoad gives the machines with measurements in the period, those with the highest average of the first metric first.
async function askLoad(app: App, view: View, metrics: string[], top: number, signal: AbortSignal): Promise<Machine[]> {
  const connection = view.chosen['connection'];
  const [summaries, page] = await Promise.all([
    app.client.usageSummary({ connection, metric: metrics, from: iso(view.range.from), to: iso(view.range.to) }, signal),
    app.client.resources({ connection, type: ['server', 'database'], limit: 1000, deleted: true }, signal),
  ]);
  const known = new Map(page.resources.map((r) => [r.connection_id + '/' + r.id, r]));
  const machines = new Map<string, Machine>();
  for (const s of summaries) {
    const key = s.connection_id + '/' + s.resource;
    const resource = known.get(key);
    let m = machines.get(key);
    if (!m) machines.set(key, (m = { connection: s.connection_id, id: s.resource, name: resource?.name || s.resource, resource, of: {} }));
    m.of[s.metric] = s;
  }
  const rank = (m: Machine) => m.of[metrics[0]!]?.average ?? -1;
  const most = [...machines.values()].sort((a, b) => rank(b) - rank(a)).slice(0, top);
  return Promise.all(most.map((m) => (m.resource ? m : named(app, m, signal))));
}

// named looks up a machine that was not among the listed ones; it keeps its id when nothing more is known of it.
async function named(app: App, m: Machine, signal: AbortSignal): Promise<Machine> {
  try {
    const resource = await app.client.resource(m.connection, m.id, signal);
    return { ...m, resource, name: resource.name || m.id };
  } catch (error) {
    if (signal.aborted) throw error;
    return m;
  }
}

interface Measured {
  machines: Machine[];
  series: (UsageSeries | undefined)[];
}

export function UsageSeriesPanel({ panel, view }: PanelProps) {
  const app = useApp();
  const { t, lang, zone } = app;
  const name = panel.query.metrics?.[0] ?? 'cpu_percent';
  const step = usageStep(view.range.from, view.range.to);
  const key = keyOf([panel.id, name, panel.query.top, view.range.from, view.range.to, view.chosen], view);
  const answer = useQuery(key, async (signal): Promise<Measured> => {
    const machines = await askLoad(app, view, [name], panel.query.top || 5, signal);
    const series = await Promise.all(machines.map((m) =>
      app.client.usage({ connection: m.connection, resource: m.id, metric: name, from: iso(view.range.from), to: iso(view.range.to), step }, signal).then((s) => s[0])));
    return { machines, series };
  });
  return (
    <Frame panel={panel} answer={answer} table={(d) => usageTable(d, name, lang, zone, t)} chart>
      {(d) => <UsageChart d={d} name={name} panel={panel} view={view} />}
    </Frame>
  );
}

function UsageChart({ d, name, panel, view }: PanelProps & { d: Measured; name: string }) {
  const { t, lang } = useApp();
  const dark = useDark();
  const { times, series } = useMemo(() => {
    const { times, rows } = align(d.series);
    const series = d.machines.map((m, i): Series => ({
      key: m.connection + '/' + m.id, label: m.name, colour: view.colours.of('machine', m.connection + '/' + m.id, dark), values: rows[i]!,
      text: (at) => writeMetric(name, rows[i]![at] ?? 0, lang), summary: writeMetric(name, m.of[name]?.average ?? 0, lang),
    }));
    return { times, series };
  }, [d, name, view.colours, dark, lang]);
  if (times.length === 0) return <Empty>{t.panel.noUsage}</Empty>;
  return (
    <TimeSeries
      times={times} series={series} draw={panel.draw} from={view.range.from} to={view.range.to} axis={(v) => writeMetric(name, v, lang)} byDay={false} binary={name.includes('_bytes')}
      label={panel.title[lang]} onZoom={view.zoom}
    />
  );
}

// align puts series on the union of their times, with gaps where one has no sample.
export function align(series: (UsageSeries | undefined)[]): { times: number[]; rows: (number | null)[][] } {
  const times = [...new Set(series.flatMap((s) => s?.times ?? []))].sort((a, b) => a - b);
  const at = new Map(times.map((x, i) => [x, i]));
  const rows = series.map((s) => {
    const row: (number | null)[] = new Array<number | null>(times.length).fill(null);
    s?.times.forEach((x, i) => (row[at.get(x)!] = s.values[i] ?? null));
    return row;
  });
  return { times, rows };
}

function usageTable(d: Measured, name: string, lang: App['lang'], zone: string, t: App['t']): Table {
  const { times, rows } = align(d.series);
  return {
    head: [t.panel.time, ...d.machines.map((m) => m.name)],
    numeric: [false, ...d.machines.map(() => true)],
    rows: times.map((at, i) => ({
      cells: [full(at * 1000, lang, zone, true), ...rows.map((r) => (r[i] == null ? '' : writeMetric(name, r[i]!, lang)))],
      raw: [new Date(at * 1000).toISOString(), ...rows.map((r) => (r[i] == null ? '' : String(r[i])))],
    })),
  };
}

function loadTone(p: number): BadgeTone {
  return p >= 90 ? 'bad' : p >= 75 ? 'warn' : 'info';
}

export function LoadPanel({ panel, view }: PanelProps) {
  const app = useApp();
  const { t, lang } = app;
  const metrics = panel.query.metrics ?? [];
  const key = keyOf([panel.id, metrics, panel.query.top, view.range.from, view.range.to, view.chosen], view);
  const answer = useQuery(key, (signal) => askLoad(app, view, metrics, panel.query.top || 10, signal));
  const used = (m: Machine) => {
    const size = m.resource?.memory_bytes ?? 0;
    const s = m.of['memory_used_bytes'];
    return s && size > 0 ? (s.average / size) * 100 : null;
  };
  const table = (ms: Machine[]): Table => ({
    head: [t.panel.server, t.panel.cpu, `${t.panel.cpu}, ${t.panel.peakShort}`, t.panel.memory],
    numeric: [false, true, true, true],
    rows: ms.map((m) => {
      const raw = [m.of['cpu_percent']?.average, m.of['cpu_percent']?.p95, used(m) ?? undefined];
      return { cells: [m.name, ...raw.map((v) => (v === undefined ? '–' : percent(v, lang)))], raw: [m.name, ...raw.map((v) => (v === undefined ? '' : String(v)))] };
    }),
  });
  return (
    <Frame panel={panel} answer={answer} table={table}>
      {(machines) => machines.length === 0 ? <Empty>{t.panel.noUsage}</Empty> : (
        <div class="scroll" tabIndex={0}>
          <table class="data load">
            <thead><tr><th scope="col">{t.panel.server}</th><th scope="col">{t.panel.cpu}</th><th scope="col" class="num" title={t.panel.peak}>{t.panel.peakShort}</th><th scope="col">{t.panel.memory}</th></tr></thead>
            <tbody>
              {machines.map((m) => (
                <tr key={m.connection + m.id}>
                  <td><Link to={`/resource?${new URLSearchParams({ connection: m.connection, id: m.id }).toString()}`}>{m.name}</Link></td>
                  <td><Gauge value={m.of['cpu_percent']?.average} label={`${t.panel.cpu}: ${m.name}`} /></td>
                  <td class="num">{m.of['cpu_percent'] ? percent(m.of['cpu_percent'].p95, lang) : '–'}</td>
                  <td><Gauge value={used(m) ?? undefined} label={`${t.panel.memory}: ${m.name}`} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Frame>
  );
}

function Gauge({ value, label }: { value: number | undefined; label: string }) {
  const { lang } = useApp();
  if (value === undefined) return <span class="mute">–</span>;
  return <div class="gauge"><Meter percent={value} label={label} tone={loadTone(value)} /><span class="num">{percent(value, lang)}</span></div>;
}

export function stateTone(state: string): BadgeTone {
  const tones: Record<string, BadgeTone> = { ok: 'good', syncing: 'info', new: 'info', partial: 'warn', failing: 'bad', paused: 'mute' };
  return tones[state] ?? 'mute';
}

export function FreshnessPanel({ panel, view }: PanelProps) {
  const { client, t, lang } = useApp();
  const only = view.chosen['connection'];
  const answer = useQuery(keyOf([panel.id, only], view), (signal) => client.connections(signal).then((cs) => cs.filter((c) => !only || c.id === only)));
  const table = (cs: Connection[]): Table => ({
    head: [t.panel.account, t.panel.state, t.panel.lastSuccess, t.panel.completeThrough],
    numeric: [false, false, false, false],
    rows: cs.map((c) => {
      const cells = [c.name, t.states[c.status.state] ?? c.status.state, c.status.last_success ?? '', c.status.complete_through ?? ''];
      return { cells, raw: cells };
    }),
  });
  return (
    <Frame panel={panel} answer={answer} table={table}>
      {(connections) => connections.length === 0 ? <Empty action={<Link class="button primary" to="/connections/new">{t.panel.connect}</Link>}>{t.panel.noConnections}</Empty> : (
        <div class="scroll" tabIndex={0}>
          <table class="data">
            <thead>
              <tr><th scope="col">{t.panel.account}</th><th scope="col">{t.panel.state}</th><th scope="col">{t.panel.lastSuccess}</th><th scope="col" class="wide-only">{t.panel.completeThrough}</th><th scope="col" class="wide-only">{t.connections.faults}</th></tr>
            </thead>
            <tbody>
              {connections.map((c) => (
                <tr key={c.id}>
                  <td class="name"><Link to={`/connections/${c.id}`}>{c.name}</Link></td>
                  <td><Badge tone={stateTone(c.status.state)}>{t.states[c.status.state] ?? c.status.state}</Badge></td>
                  <td><When at={c.status.last_success} never={t.panel.never} /></td>
                  <td class="wide-only"><When at={c.status.complete_through} never={t.panel.daysUnknown} /></td>
                  <td class="wide-only wrap" lang={lang}>{c.status.faults[0]?.text ?? <span class="mute">{t.common.none}</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Frame>
  );
}
