import { useMemo, useState } from 'preact/hooks';
import type { CostGroup, CostSum, CostTotal, Panel } from '../api/types.ts';
import { ink } from '../chart/palette.ts';
import { Donut, Spark } from '../chart/shapes.tsx';
import { Mark, TimeSeries, type Series } from '../chart/timeseries.tsx';
import * as decimal from '../format/decimal.ts';
import { change, money, share, shortMoney, type Detail } from '../format/money.ts';
import { full } from '../format/time.ts';
import { Link } from '../router.tsx';
import { useApp, type App } from '../state/app.tsx';
import { useQuery, type Answer } from '../state/query.ts';
import { useDark } from '../state/theme.ts';
import { Badge, Empty, Meter } from '../ui/basics.tsx';
import { Icon } from '../ui/icons.tsx';
import { Money } from '../ui/values.tsx';
import { Conversion } from './conversion.tsx';
import { Frame } from './frame.tsx';
import { askCosts, costQuery, dimensionName, groupLabel, keyOf, type Costs, type Table, type View } from './view.ts';

export interface PanelProps {
  panel: Panel;
  view: View;
}

function useCosts({ panel, view }: PanelProps): Answer<Costs> {
  const { client } = useApp();
  const query = costQuery(panel.query, view);
  return useQuery(keyOf([query, panel.previous_line], view), (signal) => askCosts(client, query, panel.previous_line, signal));
}

// currencies puts the tenant's own first.
function currencies(totals: CostTotal[], own: string): string[] {
  const all = totals.map((t) => t.currency);
  return [...all.filter((c) => c === own), ...all.filter((c) => c !== own)];
}

// useCurrency chooses which currency a chart shows when there are several: they are never added up.
function useCurrency(data: Costs | undefined) {
  const { t, session } = useApp();
  const [chosen, setChosen] = useState('');
  const all = currencies(data?.answer.totals ?? [], session!.tenant.currency);
  const currency = all.includes(chosen) ? chosen : (all[0] ?? '');
  const picker = all.length > 1 && (
    <select class="mini" aria-label={t.panel.shownCurrency} title={t.panel.currencies} value={currency} onChange={(e) => setChosen(e.currentTarget.value)}>
      {all.map((c) => <option key={c} value={c} selected={c === currency}>{c}</option>)}
    </select>
  );
  return { currency, picker };
}

function NoCosts() {
  const { t } = useApp();
  return <Empty>{t.panel.noCosts}</Empty>;
}

// Change shows how a cost has changed: growth is bad news, saving good.
export function Change({ now, before, currency }: { now: string; before: CostSum | null; currency: string }) {
  const { t, lang } = useApp();
  if (!before) return null;
  const c = change(now, before.cost, lang);
  if (!c) return decimal.isZero(now) ? <span class="mute">–</span> : <Badge tone="mute">{t.panel.isNew}</Badge>;
  return <span class={`change ${c.direction > 0 ? 'up' : c.direction < 0 ? 'down' : 'same'}`} title={t.panel.previous(money(before.cost, currency, lang))}>{c.text}</span>;
}

// Quality marks what is estimated and what has no price: neither may pass for a bill.
function Quality({ sum, currency }: { sum: CostSum; currency: string }) {
  const { t, lang } = useApp();
  const estimated = !decimal.isZero(sum.estimated);
  return (
    <>
      {estimated && (
        <span class="quality" title={t.panel.estimatedHelp}>
          <Badge tone="info">{t.common.estimate}</Badge>{' '}
          {sum.estimated === sum.cost ? t.panel.allEstimated : t.panel.estimated(money(sum.estimated, currency, lang, 'whole'))}
        </span>
      )}
    </>
  );
}

export function StatPanel(props: PanelProps) {
  const { t, lang, session } = useApp();
  const dark = useDark();
  const answer = useCosts(props);
  const table = (d: Costs): Table => totalsTable(d, t, lang);
  return (
    <Frame panel={props.panel} answer={answer} data={answer.data?.answer.data} note={<Conversion answer={answer.data?.answer} view={props.view} />} table={table}>
      {({ answer: a }) => a.totals.length === 0 ? <NoCosts /> : (
        <div class={`stats n${Math.min(a.totals.length, 3)}`}>
          {currencies(a.totals, session!.tenant.currency).map((c) => {
            const total = a.totals.find((x) => x.currency === c)!;
            return (
              <div class="stat" key={c}>
                <div class="stat-main">
                  <Money amount={total.cost} currency={c} detail="whole" class="big" />
                  <Change now={total.cost} before={total.previous} currency={c} />
                </div>
                <p class="stat-notes">
                  {total.previous && <span>{decimal.isZero(total.previous.cost) ? t.panel.previousNone : t.panel.previous(money(total.previous.cost, c, lang, 'whole'))}</span>}
                  <Quality sum={total} currency={c} />
                </p>
                <Spark values={total.series.map(decimal.forChart)} colour={ink(dark).accent} />
              </div>
            );
          })}
        </div>
      )}
    </Frame>
  );
}

function totalsTable(d: Costs, t: App['t'], lang: App['lang']): Table {
  return {
    head: [t.budgets.currency, t.panel.cost, t.panel.before, t.common.estimate],
    numeric: [false, true, true, true],
    rows: d.answer.totals.map((x) => ({
      cells: [x.currency, money(x.cost, x.currency, lang), x.previous ? money(x.previous.cost, x.currency, lang) : '', money(x.estimated, x.currency, lang)],
      raw: [x.currency, x.cost, x.previous?.cost ?? '', x.estimated],
    })),
  };
}

interface Unpriced {
  costs: Costs;
  lines: number;
  // resources is how many have no known price; null when there are too many to count one by one.
  resources: { name: string }[] | null;
}

const countable = 5_000_000;

export function UnpricedPanel({ panel, view }: PanelProps) {
  const { client, t, lang } = useApp();
  const query = { ...costQuery({ ...panel.query, step: '', group_by: [], top: 0 }, view), currency: '' };
  const answer = useQuery(keyOf([panel.id, query], view), async (signal): Promise<Unpriced> => {
    const costs = await askCosts(client, query, false, signal);
    const sums = costs.answer.totals;
    const lines = sums.reduce((n, x) => n + x.unpriced, 0);
    if (lines === 0) return { costs, lines, resources: [] };
    if (sums.reduce((n, x) => n + x.lines, 0) > countable) return { costs, lines, resources: null };
    const by = await client.costs({ ...query, group_by: ['resource'] }, signal);
    return { costs, lines, resources: by.groups.filter((g) => g.unpriced > 0).map((g) => ({ name: groupLabel('resource', g.keys[0] ?? { value: '', label: '' }, t) })) };
  });
  const table = (d: Unpriced): Table => ({
    head: [t.dimensions['resource']!], numeric: [false], rows: (d.resources ?? []).map((r) => ({ cells: [r.name], raw: [r.name] })),
  });
  return (
    <Frame panel={panel} answer={answer} data={answer.data?.costs.answer.data} table={table} chart>
      {(d) => d.lines === 0 ? <p class="quiet-good">{t.panel.unpricedNone}</p> : (
        <div class="stat">
          <div class="stat-main"><span class="big warn-text" data-testid="unpriced">{d.resources ? t.panel.unpricedNoun(d.resources.length) : t.panel.unpricedLines(d.lines)}</span></div>
          <p class="stat-notes">{t.panel.unpricedAbout}</p>
          {d.resources && d.resources.length > 0 && <p class="names" lang={lang}>{d.resources.slice(0, 3).map((r) => r.name).join(', ')}{d.resources.length > 3 ? '…' : ''}</p>}
        </div>
      )}
    </Frame>
  );
}

// unknown tells whether nothing of a cost is known: it must not read as 0.
function unknown(sum: CostSum): boolean {
  return sum.unpriced > 0 && decimal.isZero(sum.cost);
}

function amountText(sum: CostSum, currency: string, t: App['t'], lang: App['lang']): string {
  return unknown(sum) ? t.panel.unpricedCell : money(sum.cost, currency, lang, 'whole');
}

// Amount shows a cost, or that its price is unknown, or that a part of it is.
function Amount({ sum, currency, detail }: { sum: CostSum; currency: string; detail?: Detail }) {
  const { t } = useApp();
  if (unknown(sum)) return <Badge tone="warn">{t.panel.unpricedCell}</Badge>;
  return <><Money amount={sum.cost} currency={currency} detail={detail} />{sum.unpriced > 0 && <span class="partly" title={t.panel.unpricedPart}> <Icon name="warn" size={14} /><span class="unseen">{t.panel.unpricedPart}</span></span>}</>;
}

// nameOf joins the keys of a group.
export function nameOf(g: CostGroup, dimensions: string[], t: App['t']): string {
  if (g.other) return t.common.other(g.merged);
  return g.keys.map((k, i) => groupLabel(dimensions[i] ?? '', k, t)).join(' · ') || t.panel.total;
}

function colourKey(g: CostGroup, dimensions: string[]): string {
  return g.keys.slice(0, dimensions.length).map((k) => k.value).join('\u0000');
}

export function CostSeriesPanel(props: PanelProps) {
  const { t, lang, zone } = useApp();
  const answer = useCosts(props);
  const { currency, picker } = useCurrency(answer.data);
  const dims = props.panel.query.group_by ?? [];
  return (
    <Frame panel={props.panel} answer={answer} data={answer.data?.answer.data} note={<Conversion answer={answer.data?.answer} view={props.view} />} table={(d) => seriesTable(d, currency, dims, t, lang, zone)} chart extra={picker}>
      {(d) => d.answer.totals.length === 0 ? <NoCosts /> : (
        <CostSeries d={d} currency={currency} {...props} />
      )}
    </Frame>
  );
}

// seriesOf makes the rows of a chart: one a group, and the previous period as a line.
function seriesOf(d: Costs, currency: string, dims: string[], colours: View['colours'], dark: boolean, t: App['t'], lang: App['lang']): Series[] {
  const paint = ink(dark);
  const own = d.answer.groups.filter((g) => g.currency === currency);
  const rows: Series[] = own.map((g) => ({
    key: g.other ? 'other' : 'of ' + colourKey(g, dims),
    label: nameOf(g, dims, t),
    colour: g.other ? paint.other : colours.of(dims.join(), colourKey(g, dims), dark),
    values: g.series.map(decimal.forChart),
    text: (i) => money(g.series[i] ?? '0', currency, lang),
    summary: amountText(g, currency, t, lang),
  }));
  const past = d.before?.totals.find((x) => x.currency === currency);
  if (past) {
    rows.push({
      key: 'previous', label: t.panel.previousLine, colour: paint.previous, line: true,
      values: d.answer.steps.map((_, i) => (past.series[i] === undefined ? null : decimal.forChart(past.series[i]))),
      text: (i) => (past.series[i] === undefined ? '–' : money(past.series[i], currency, lang)),
    });
  }
  return rows;
}

function CostSeries({ d, currency, panel, view }: PanelProps & { d: Costs; currency: string }) {
  const { t, lang } = useApp();
  const dark = useDark();
  const series = useMemo(() => seriesOf(d, currency, panel.query.group_by, view.colours, dark, t, lang), [d, currency, panel, view.colours, dark, lang]);
  const times = useMemo(() => d.answer.steps.map((s) => Date.parse(s) / 1000), [d]);
  const total = d.answer.totals.find((x) => x.currency === currency);
  return (
    <TimeSeries
      times={times} series={series} draw={panel.draw || 'bars'} from={view.range.from} to={view.range.to}
      axis={(v) => shortMoney(v, currency, lang)} total={(i) => money(total?.series[i] ?? '0', currency, lang)} byDay={d.query.step !== 'hour'}
      label={panel.title[lang]} onZoom={view.zoom}
    />
  );
}

function seriesTable(d: Costs, currency: string, dims: string[], t: App['t'], lang: App['lang'], zone: string): Table {
  const groups = d.answer.groups.filter((g) => g.currency === currency);
  const total = d.answer.totals.find((x) => x.currency === currency);
  return {
    head: [t.panel.time, ...groups.map((g) => nameOf(g, dims, t)), `${t.panel.total}, ${currency}`],
    numeric: [false, ...groups.map(() => true), true],
    rows: d.answer.steps.map((s, i) => {
      const values = [...groups.map((g) => g.series[i] ?? '0'), total?.series[i] ?? '0'];
      return { cells: [full(Date.parse(s), lang, zone, d.query.step === 'hour'), ...values.map((v) => money(v, currency, lang))], raw: [s, ...values] };
    }),
  };
}

// groupsTable is the answer of a ranking as rows, all currencies.
function groupsTable(d: Costs, dims: string[], t: App['t'], lang: App['lang']): Table {
  const compared = d.query.compare !== '';
  return {
    head: [...dims.map((x) => dimensionName(x, t)), t.budgets.currency, t.panel.cost, ...(compared ? [t.panel.before] : []), t.common.estimate],
    numeric: [...dims.map(() => false), false, true, ...(compared ? [true] : []), true],
    rows: d.answer.groups.map((g) => {
      const names = g.other ? [t.common.other(g.merged), ...dims.slice(1).map(() => '')] : g.keys.map((k, i) => groupLabel(dims[i] ?? '', k, t));
      const ids = g.other ? names : g.keys.map((k) => k.label || k.value);
      const rest = [...(compared ? [g.previous?.cost ?? '0'] : []), g.estimated];
      return {
        cells: [...names, g.currency, unknown(g) ? t.panel.unpricedCell : money(g.cost, g.currency, lang), ...rest.map((s) => money(s, g.currency, lang))],
        raw: [...ids, g.currency, unknown(g) ? '' : g.cost, ...rest],
      };
    }),
  };
}

export function DonutPanel(props: PanelProps) {
  const { t, lang } = useApp();
  const dark = useDark();
  const answer = useCosts(props);
  const { currency, picker } = useCurrency(answer.data);
  const dims = props.panel.query.group_by ?? [];
  return (
    <Frame panel={props.panel} answer={answer} data={answer.data?.answer.data} note={<Conversion answer={answer.data?.answer} view={props.view} />} table={(d) => groupsTable(d, dims, t, lang)} chart extra={picker}>
      {(d) => {
        const groups = d.answer.groups.filter((g) => g.currency === currency);
        const total = d.answer.totals.find((x) => x.currency === currency);
        if (!total || groups.length === 0) return <NoCosts />;
        const negative = groups.some((g) => decimal.isNegative(g.cost));
        const colour = (g: CostGroup) => (g.other ? ink(dark).other : props.view.colours.of(dims.join(), colourKey(g, dims), dark));
        return (
          <div class="donut-box">
            {negative ? <p class="mute">{t.panel.negativeParts}</p> : (
              <div class="donut-wrap">
                <Donut label={props.panel.title[lang]} slices={groups.map((g) => ({ key: nameOf(g, dims, t), label: `${nameOf(g, dims, t)}: ${money(g.cost, currency, lang)}`, colour: colour(g), value: decimal.forChart(g.cost) }))} />
                <div class="donut-total"><Money amount={total.cost} currency={currency} detail="whole" /></div>
              </div>
            )}
            <table class="parts">
              <tbody>
                {groups.map((g) => (
                  <tr key={nameOf(g, dims, t)}>
                    <th scope="row"><Mark colour={colour(g)} /> {nameOf(g, dims, t)}</th>
                    <td class="num"><Amount sum={g} currency={currency} detail="whole" /></td>
                    <td class="num mute">{negative ? '' : share(g.cost, total.cost, lang)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        );
      }}
    </Frame>
  );
}

export function BarsPanel(props: PanelProps) {
  const { t, lang } = useApp();
  const answer = useCosts(props);
  const { currency, picker } = useCurrency(answer.data);
  const dims = props.panel.query.group_by ?? [];
  return (
    <Frame panel={props.panel} answer={answer} data={answer.data?.answer.data} note={<Conversion answer={answer.data?.answer} view={props.view} />} table={(d) => groupsTable(d, dims, t, lang)} chart extra={picker}>
      {(d) => {
        const groups = d.answer.groups.filter((g) => g.currency === currency);
        if (groups.length === 0) return <NoCosts />;
        const most = Math.max(...groups.map((g) => Math.abs(decimal.forChart(g.cost))));
        return (
          <ul class="ranking scroll" tabIndex={0}>
            {groups.map((g) => (
              <li key={nameOf(g, dims, t)}>
                <span class="rank-name" title={nameOf(g, dims, t)}>{nameOf(g, dims, t)}</span>
                <span><Amount sum={g} currency={currency} detail="whole" /></span>
                <Change now={g.cost} before={g.previous} currency={g.currency} />
                <Meter percent={most > 0 ? (Math.abs(decimal.forChart(g.cost)) / most) * 100 : 0} label={nameOf(g, dims, t)} tone={g.other ? 'mute' : 'info'} />
              </li>
            ))}
          </ul>
        );
      }}
    </Frame>
  );
}

export function CostTablePanel(props: PanelProps) {
  const { t, lang } = useApp();
  const answer = useCosts(props);
  const dims = props.panel.query.group_by ?? [];
  return (
    <Frame panel={props.panel} answer={answer} data={answer.data?.answer.data} note={<Conversion answer={answer.data?.answer} view={props.view} />} table={(d) => groupsTable(d, dims, t, lang)}>
      {(d) => d.answer.groups.length === 0 ? <NoCosts /> : (
        <div class="scroll" tabIndex={0}>
          <table class="data">
            <thead>
              <tr>
                {dims.map((x, i) => <th scope="col" key={x} class={i > 0 ? 'wide-only' : ''}>{dimensionName(x, t)}</th>)}
                <th scope="col" class="num">{t.panel.cost}</th>
                {d.query.compare && <th scope="col" class="num">{t.panel.change}</th>}
              </tr>
            </thead>
            <tbody>
              {d.answer.groups.map((g, i) => (
                <tr key={i} class={g.other ? 'mute' : ''}>
                  {g.other ? <td>{t.common.other(g.merged)}</td> : <td><KeyCell g={g} dims={dims} /></td>}
                  {dims.slice(1).map((x, j) => <td key={x} class="wide-only">{g.other ? '' : groupLabel(x, g.keys[j + 1] ?? { value: '', label: '' }, t)}</td>)}
                  <td class="num"><Amount sum={g} currency={g.currency} /></td>
                  {d.query.compare && <td class="num"><Change now={g.cost} before={g.previous} currency={g.currency} /></td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Frame>
  );
}

// KeyCell is the first key of a group; a resource of a known connection leads to its page.
function KeyCell({ g, dims }: { g: CostGroup; dims: string[] }) {
  const { t } = useApp();
  const first = g.keys[0] ?? { value: '', label: '' };
  const connection = g.keys[dims.indexOf('connection')]?.value;
  const label = groupLabel(dims[0] ?? '', first, t);
  if (dims[0] !== 'resource' || !connection || !first.value) return <>{label}</>;
  return <Link to={`/resource?${new URLSearchParams({ connection, id: first.value }).toString()}`}>{label}</Link>;
}
