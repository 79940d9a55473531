import { useMemo, useState } from 'preact/hooks';
import { Problem } from '../api/client.ts';
import type { FieldChange, Panel, Rate, Resource, UsageSeries } from '../api/types.ts';
import { Colours, ink } from '../chart/palette.ts';
import { TimeSeries } from '../chart/timeseries.tsx';
import { useForeign } from '../dashboard/conversion.tsx';
import { Body } from '../dashboard/dashboard.tsx';
import { money } from '../format/money.ts';
import { bytes, metric } from '../format/number.ts';
import { known, moment } from '../format/time.ts';
import { Link, usePlace } from '../router.tsx';
import { useApp, type App } from '../state/app.tsx';
import { usePeriod, type Period } from '../state/period.tsx';
import { useQuery } from '../state/query.ts';
import { iso, usageStep } from '../state/range.ts';
import { useDark } from '../state/theme.ts';
import { Badge, Empty, Failed, Loading, Notice } from '../ui/basics.tsx';
import { Icon } from '../ui/icons.tsx';
import { Card, PageHead } from '../ui/pages.tsx';
import { RangePicker } from '../ui/rangepicker.tsx';
import { When } from '../ui/values.tsx';
import { ConditionBadge, ConditionNotice } from './condition.tsx';
import { sizeText, statusText, statusTone } from './resources.tsx';

// ResourcePage is one resource: facts, cost, load and the history of its changes in words.
export function ResourcePage() {
  const { client } = useApp();
  const place = usePlace();
  const connection = place.search.get('connection') ?? '';
  const id = place.search.get('id') ?? '';
  const answer = useQuery(connection + '/' + id, (signal) => client.resource(connection, id, signal), 30_000);
  if (answer.error instanceof Problem && answer.error.status === 404 && id) return <Billed connection={connection} id={id} />;
  if (answer.data?.id !== id) return answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />;
  return <Shown r={answer.data} />;
}

// Billed is a resource that is known from charges alone: a bill names it, no inventory lists it.
function Billed({ connection, id }: { connection: string; id: string }) {
  const { t, client } = useApp();
  const period = usePeriod('30d', '1m');
  const answer = useQuery(connection + '/' + id, async (signal) => {
    const [connections, names] = await Promise.all([client.connections(signal), client.values('resource', id, signal)]);
    return { connection: connections.find((c) => c.id === connection), name: names.find((k) => k.value === id)?.label };
  });
  if (!answer.data) return answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />;
  if (!answer.data.connection || !answer.data.name) return <Notice tone="bad">{t.problem.notFound}</Notice>;
  return (
    <>
      <PageHead title={answer.data.name} about={answer.data.connection.name} back={<Link to="/resources" class="back"><Icon name="left" size={16} />{t.resources.title}</Link>}>
        <RangePicker period={period} />
      </PageHead>
      <div class="stack">
        <Notice tone="info">{t.resources.billedOnly}</Notice>
        <Cost connection={connection} id={id} period={period} />
      </div>
    </>
  );
}

function Shown({ r }: { r: Resource }) {
  const { t, lang, zone } = useApp();
  const period = usePeriod('30d', '1m');
  return (
    <>
      <PageHead
        title={r.name || r.id} about={[t.resources.typeOne[r.type] ?? r.type, r.connection_name, sizeText(r, t, lang)].filter(Boolean).join(' · ')}
        back={<Link to="/resources" class="back"><Icon name="left" size={16} />{t.resources.title}</Link>}
      >
        <RangePicker period={period} />
      </PageHead>
      {known(r.deleted_at) && <Notice tone="info" title={t.resources.goneAt(moment(Date.parse(r.deleted_at), lang, zone))}>{t.resources.goneNote}</Notice>}
      <ConditionNotice r={r} />
      <div class="columns">
        <div class="stack">
          <Cost connection={r.connection_id} id={r.id} period={period} />
          <Usage r={r} period={period} />
        </div>
        <div class="stack side">
          <Card title={t.resources.facts}><Facts r={r} /></Card>
          <Card title={t.resources.history}><History r={r} /></Card>
        </div>
      </div>
    </>
  );
}

function Cost({ connection, id, period }: { connection: string; id: string; period: Period }) {
  const { zone } = useApp();
  const foreign = useForeign(period.currency);
  const [colours] = useState(() => new Colours());
  const panel = useMemo<Panel>(() => ({
    id: 'resource-costs', title: { ru: 'Расходы', en: 'Cost' }, help: { ru: '', en: '' }, type: 'timeseries', grid: { x: 0, y: 0, w: 12, h: 7 }, draw: 'bars', previous_line: false,
    query: {
      kind: 'cost', metric: 'billed_cost', step: 'auto', group_by: ['service'], compare: '', metrics: [], top: 6,
      filter: { op: 'equals', dimension: 'resource', values: [id] },
    },
  }), [id]);
  return <div class="tall"><Body panel={panel} view={{ range: period.range, turn: period.turn, zone, currency: period.currency, foreign, chosen: { connection }, colours, zoom: (from, to) => period.setRange({ preset: '', from, to }) }} /></div>;
}

function Usage({ r, period }: { r: Resource; period: Period }) {
  const { client, t } = useApp();
  const { from, to } = period.range;
  const key = JSON.stringify([r.connection_id, r.id, from, to, period.turn]);
  const answer = useQuery(key, (signal) => client.usage({ connection: r.connection_id, resource: r.id, from: iso(from), to: iso(to), step: usageStep(from, to) }, signal));
  if (!answer.data) return <Card title={t.resources.usage}>{answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />}</Card>;
  const shown = answer.data.filter((s) => s.times.length > 0);
  if (shown.length === 0) return <Card title={t.resources.usage}><Empty>{t.resources.noUsage}</Empty></Card>;
  return <div class="usage-grid">{shown.map((s) => <Metric key={s.metric} s={s} period={period} />)}</div>;
}

function Metric({ s, period }: { s: UsageSeries; period: Period }) {
  const { t, lang } = useApp();
  const name = t.resources.metrics[s.metric] ?? s.metric;
  const dark = useDark();
  const series = useMemo(() => [
    ...(s.step > 0 ? [{ key: 'max', label: t.panel.max, colour: ink(dark).other, values: s.max, text: (i: number) => metric(s.metric, s.max[i] ?? 0, lang) }] : []),
    { key: 'value', label: s.step > 0 ? t.panel.average : name, colour: ink(dark).accent, values: s.values, text: (i: number) => metric(s.metric, s.values[i] ?? 0, lang) },
  ], [s, lang, dark]);
  return (
    <Card title={name}>
      <div class="metric-chart">
        <TimeSeries times={s.times} series={series} draw="line" from={period.range.from} to={period.range.to} axis={(v) => metric(s.metric, v, lang)} byDay={false} binary={s.metric.includes('_bytes')} label={name} onZoom={(from, to) => period.setRange({ preset: '', from, to })} />
      </div>
    </Card>
  );
}

function rateText(r: Rate, t: App['t'], lang: App['lang']): string {
  if (r.amount === null) return t.resources.priceUnknown;
  const amount = money(r.amount, r.currency, lang);
  const text = r.period === 'hour' ? t.resources.perHour(amount) : r.period === 'day' ? t.resources.perDay(amount) : t.resources.perMonth(amount);
  return r.cost_status === 'estimated' ? `${text}, ${t.resources.estimatedPrice}` : text;
}

function Facts({ r }: { r: Resource }) {
  const { t, lang } = useApp();
  const rows: [string, preact.ComponentChildren][] = [
    [t.resources.status, r.status && <Badge tone={statusTone(r.status)}>{statusText(r.status, t)}</Badge>],
    [t.types.condition, r.attributes?.['condition'] && <ConditionBadge r={r} />],
    [t.types.word, r.attributes?.['infrazen:cloud_type']],
    [t.resources.vcpu, r.vcpu > 0 && t.resources.cores(r.vcpu)],
    [t.resources.memory, r.memory_bytes > 0 && bytes(r.memory_bytes, lang)],
    [t.resources.disk, r.disk_bytes > 0 && bytes(r.disk_bytes, lang)],
    ...(r.rates ?? []).map((x): [string, preact.ComponentChildren] => [t.resources.rate(x.component), x.amount === null ? <Badge tone="warn">{t.resources.priceUnknown}</Badge> : rateText(x, t, lang)]),
    [t.resources.connection, <Link to={`/connections/${r.connection_id}`}>{r.connection_name || r.connection_id}</Link>],
    [t.resources.project, r.project_name || r.project_id],
    [t.resources.region, r.region_name || r.region_id],
    [t.resources.zone, r.zone_id],
    [t.resources.parent, r.parent_id && <Link to={`/resource?${new URLSearchParams({ connection: r.connection_id, id: r.parent_id }).toString()}`}>{r.parent_id}</Link>],
    [t.resources.createdAt, known(r.created_at) && <When at={r.created_at} never="" />],
    [t.resources.id, r.id],
  ];
  return (
    <>
      <dl class="facts">{rows.filter(([, v]) => v).map(([k, v]) => [<dt key={k}>{k}</dt>, <dd key={k + '='} class="break">{v}</dd>])}</dl>
      <Pairs title={t.resources.tags} pairs={r.tags} open />
      <Pairs title={t.resources.attributes} pairs={Object.fromEntries(Object.entries(r.attributes ?? {}).filter(([k]) => !t.types.attributes[k]))} />
      <Pairs title={t.resources.volatile} pairs={r.volatile} />
    </>
  );
}

function Pairs({ title, pairs, open }: { title: string; pairs: Record<string, string> | null; open?: boolean }) {
  const entries = Object.entries(pairs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return null;
  return (
    <details open={open}>
      <summary>{title} <span class="mute">{entries.length}</span></summary>
      <dl class="facts">{entries.map(([k, v]) => [<dt key={k} class="break">{k}</dt>, <dd key={k + '='} class="break">{v}</dd>])}</dl>
    </details>
  );
}

// priceText writes a price as changes have it, "6.12 RUB/hour vps sku billed", for people; "?" is a price nobody knows.
function priceText(v: string, t: App['t'], lang: App['lang']): string {
  const m = /^(\?|-?\d+(?:\.\d+)?) ([A-Z]{3})\/(hour|day|month)\b/.exec(v);
  if (!m) return v.startsWith('?') ? t.resources.priceUnknown : v;
  const [, amount, currency, period] = m;
  return rateText({ component: '', service_name: '', sku_id: '', amount: amount === '?' ? null : amount!, currency: currency!, period: period as Rate['period'], cost_status: '' }, t, lang);
}

// changeText says one change in words.
export function changeText(c: FieldChange, t: App['t'], lang: App['lang'], zone: string): string {
  if (c.field === 'attribute.condition') return t.types.conditionChanged(t.types.conditions[c.old] ?? c.old, t.types.conditions[c.new] ?? c.new);
  const [head = '', ...rest] = c.field.split('.');
  const key = rest.join('.');
  const name = head === 'tag' ? t.resources.tag(key) : head === 'attribute' ? (t.types.attributes[key] ?? t.resources.attribute(key)) : head === 'rate' ? t.resources.rate(key) : (t.resources.fields[head] ?? c.field);
  const write = (v: string) => {
    if (head === 'rate') return priceText(v, t, lang);
    if (head === 'created_at' && known(v)) return moment(Date.parse(v), lang, zone);
    if (head.endsWith('_bytes') && /^\d+$/.test(v)) return bytes(Number(v), lang);
    if (head === 'status') return statusText(v, t);
    if (head === 'type') return t.resources.typeOne[v] ?? v;
    return v;
  };
  const blank = (v: string) => v === '' || (v === '0' && /vcpu|_bytes/.test(head));
  if (blank(c.old)) return t.resources.set(name, write(c.new));
  if (blank(c.new)) return t.resources.cleared(name, write(c.old));
  return t.resources.changed(name, write(c.old), write(c.new));
}

function History({ r }: { r: Resource }) {
  const { t, client, lang, zone } = useApp();
  const answer = useQuery(`history/${r.connection_id}/${r.id}/${r.seen_at}`, (signal) => client.history(r.connection_id, r.id, signal));
  if (!answer.data) return answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />;
  if (answer.data.length === 0) return <p class="mute">{t.resources.noHistory}</p>;
  return (
    <ol class="history">
      {answer.data.map((s, i) => (
        <li key={i} class={s.change}>
          <When at={s.change === 'deleted' && known(s.deleted_at) ? s.deleted_at : s.seen_at} never="" />
          {s.change === 'created' && <p>{t.resources.created}</p>}
          {s.change === 'deleted' && <p>{t.resources.wasDeleted}</p>}
          {(s.change === 'updated' ? (s.changes ?? []) : []).map((c) => <p key={c.field}>{changeText(c, t, lang, zone)}</p>)}
        </li>
      ))}
    </ol>
  );
}
