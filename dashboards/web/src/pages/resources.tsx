import { useEffect, useState } from 'preact/hooks';
import type { Resource, ResourcePage } from '../api/types.ts';
import { bytes } from '../format/number.ts';
import { known } from '../format/time.ts';
import { Link, usePlace } from '../router.tsx';
import { useApp, type App } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { iso, resolve } from '../state/range.ts';
import { Badge, Button, Empty, Failed, Loading, SelectField, type BadgeTone } from '../ui/basics.tsx';
import { PageHead } from '../ui/pages.tsx';
import { Money } from '../ui/values.tsx';
import { ConditionBadge, conditions, TagList } from './condition.tsx';

const pageSize = 100;

export function statusTone(status: string): BadgeTone {
  if (/RUN|ACTIVE|ENABLED|ONLINE|^UP$/.test(status)) return 'good';
  if (/ERR|FAIL|CRASH/.test(status)) return 'bad';
  if (/STOP|OFF|SUSPEND|DISABLE|DOWN|PAUSE/.test(status)) return 'warn';
  return 'mute';
}

export function statusText(status: string, t: App['t']): string {
  return t.resources.statuses[status] ?? status.toLowerCase();
}

// sizeText sums a resource's size up: 4 vCPU · 8 ГБ · диск 80 ГБ.
export function sizeText(r: Resource, t: App['t'], lang: App['lang']): string {
  const parts: string[] = [];
  if (r.vcpu > 0) parts.push(t.resources.cores(r.vcpu));
  if (r.memory_bytes > 0) parts.push(bytes(r.memory_bytes, lang));
  if (r.disk_bytes > 0) parts.push(r.vcpu > 0 ? `${t.resources.disk.toLowerCase()} ${bytes(r.disk_bytes, lang)}` : bytes(r.disk_bytes, lang));
  return parts.join(' · ');
}

type Costs = Map<string, { cost: string; currency: string; unpriced: number }[]>;

// Resources lists what there is in the clouds, in groups by connection.
export function Resources() {
  const { t, client, zone } = useApp();
  const place = usePlace();
  const get = (k: string) => place.search.get(k) ?? '';
  const filters = { q: get('q'), type: get('type'), connection: get('connection'), condition: get('condition'), deleted: get('deleted') === 'true' };
  const key = JSON.stringify(filters);
  const connections = useQuery('connections', (signal) => client.connections(signal));
  const first = useQuery(key, (signal) => client.resources({ ...filters, limit: pageSize }, signal), 30_000);
  const [more, setMore] = useState<{ key: string; pages: ResourcePage[]; busy: boolean; error?: unknown }>({ key, pages: [], busy: false });
  const pages = more.key === key ? more.pages : [];
  const all = [...(first.data?.resources ?? []), ...pages.flatMap((p) => p.resources)];
  const last = pages.at(-1) ?? first.data;
  const month = resolve('30d', Date.now(), zone);
  const costs = useQuery(all.length > 0 ? 'costs' + month.to + filters.connection : '', async (signal): Promise<Costs> => {
    const filter = filters.connection ? { op: 'equals', dimension: 'connection', values: [filters.connection] } : undefined;
    const a = await client.costs({ from: iso(month.from), to: iso(month.to), zone, step: '', group_by: ['connection', 'resource'], top: 1000, filter }, signal);
    const out: Costs = new Map();
    for (const g of a.groups) {
      if (g.other) continue;
      const k = g.keys.map((x) => x.value).join('/');
      out.set(k, [...(out.get(k) ?? []), { cost: g.cost, currency: g.currency, unpriced: g.unpriced }]);
    }
    return out;
  });
  const next = () => {
    setMore({ key, pages, busy: true });
    client.resources({ ...filters, limit: pageSize, after: last?.cursor }).then(
      (p) => setMore({ key, pages: [...pages, p], busy: false }),
      (error: unknown) => setMore({ key, pages, busy: false, error }),
    );
  };
  const filtered = filters.q !== '' || filters.type !== '' || filters.connection !== '' || filters.condition !== '';
  return (
    <>
      <PageHead title={t.resources.title} about={t.resources.about} />
      <div class="filters" role="search">
        <Search value={filters.q} />
        <SelectField label={t.resources.type} value={filters.type} onInput={(v) => place.set({ type: v })} options={[{ value: '', label: t.common.all }, ...Object.entries(t.resources.types).map(([value, label]) => ({ value, label }))]} />
        <SelectField label={t.resources.connection} value={filters.connection} onInput={(v) => place.set({ connection: v })} options={[{ value: '', label: t.common.all }, ...(connections.data ?? []).map((c) => ({ value: c.id, label: c.name }))]} />
        <SelectField label={t.types.condition} value={filters.condition} onInput={(v) => place.set({ condition: v })} options={[{ value: '', label: t.common.all }, ...conditions.map((value) => ({ value, label: t.types.conditionFilter[value]! }))]} />
        <label class="check"><input type="checkbox" checked={filters.deleted} onChange={(e) => place.set({ deleted: e.currentTarget.checked ? 'true' : '' })} />{t.resources.deleted}</label>
      </div>
      {first.error !== undefined && <Failed error={first.error} again={first.again} />}
      {!first.data ? !first.error && <Loading /> : all.length === 0 ? <Empty>{filtered ? t.resources.noneFound : t.resources.none}</Empty> : (
        <>
          <p class="mute" role="status">{t.resources.shown(all.length, first.data.total)}</p>
          {groupByConnection(all).map(([id, list]) => {
            const c = connections.data?.find((x) => x.id === id);
            return <Group key={id} name={c?.name ?? list[0]?.connection_name ?? id} kind={c?.kind_title ?? ''} resources={list} costs={costs.data} />;
          })}
          {more.error !== undefined && more.key === key && <Failed error={more.error} again={next} />}
          {last?.cursor && <div class="centre"><Button onClick={next} busy={more.busy}>{t.common.more}</Button></div>}
        </>
      )}
    </>
  );
}

function Search({ value }: { value: string }) {
  const { t } = useApp();
  const place = usePlace();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => place.set({ q: text.trim() }, true), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="field grow">
      <label for="q">{t.common.search}</label>
      <input id="q" type="search" value={text} placeholder={t.resources.search} onInput={(e) => setText(e.currentTarget.value)} />
    </div>
  );
}

function groupByConnection(all: Resource[]): [string, Resource[]][] {
  const out = new Map<string, Resource[]>();
  for (const r of all) out.set(r.connection_id, [...(out.get(r.connection_id) ?? []), r]);
  return [...out.entries()];
}

function Group({ name, kind, resources, costs }: { name: string; kind: string; resources: Resource[]; costs: Costs | undefined }) {
  const { t, lang } = useApp();
  return (
    <details class="card group" open>
      <summary><h2>{name}</h2><span class="mute">{kind && `${kind} · `}{t.resources.total(resources.length)}</span></summary>
      <div class="scroll" tabIndex={0}>
        <table class="data resources">
          <thead>
            <tr>
              <th scope="col">{t.resources.name}</th><th scope="col" class="wide-only">{t.resources.type}</th><th scope="col">{t.resources.status}</th>
              <th scope="col" class="wide-only">{t.resources.size}</th><th scope="col" class="wide-only">{t.resources.region}</th><th scope="col" class="num">{t.resources.cost30}</th>
            </tr>
          </thead>
          <tbody>
            {resources.map((r) => (
              <tr key={r.id} class={known(r.deleted_at) ? 'gone' : ''}>
                <td><Link to={`/resource?${new URLSearchParams({ connection: r.connection_id, id: r.id }).toString()}`}>{r.name || r.id}</Link> <ConditionBadge r={r} /><TagList r={r} /><div class="sub phone-only">{t.resources.typeOne[r.type] ?? r.type}</div></td>
                <td class="wide-only">{t.resources.typeOne[r.type] ?? r.type}</td>
                <td>{known(r.deleted_at) ? <Badge tone="mute">{t.resources.gone}</Badge> : r.status && <Badge tone={statusTone(r.status)}>{statusText(r.status, t)}</Badge>}</td>
                <td class="wide-only">{sizeText(r, t, lang)}</td>
                <td class="wide-only">{r.region_name || r.region_id}</td>
                <td class="num"><Cost of={costs?.get(r.connection_id + '/' + r.id)} resource={r} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Cost({ of, resource }: { of: { cost: string; currency: string; unpriced: number }[] | undefined; resource: Resource }) {
  const { t } = useApp();
  const unknown = (resource.rates ?? []).some((r) => r.amount === null);
  if (of) return <>{of.map((c) => <div key={c.currency}>{c.unpriced > 0 && /^-?0(\.0*)?$/.test(c.cost) ? <Badge tone="warn">{t.resources.priceUnknown}</Badge> : <Money amount={c.cost} currency={c.currency} />}</div>)}</>;
  return unknown ? <Badge tone="warn">{t.resources.priceUnknown}</Badge> : <span class="mute">–</span>;
}
