import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Dashboard, Panel, Variable } from '../api/types.ts';
import { Colours } from '../chart/palette.ts';
import { usePlace } from '../router.tsx';
import { useApp } from '../state/app.tsx';
import { usePeriod } from '../state/period.tsx';
import { useQuery } from '../state/query.ts';
import { Empty, Failed, Loading, useOutside } from '../ui/basics.tsx';
import { Icon } from '../ui/icons.tsx';
import { PageHead } from '../ui/pages.tsx';
import { RangePicker } from '../ui/rangepicker.tsx';
import { BarsPanel, CostSeriesPanel, CostTablePanel, DonutPanel, StatPanel, UnpricedPanel, type PanelProps } from './costpanels.tsx';
import { useForeign } from './conversion.tsx';
import { FreshnessPanel, LoadPanel, UsageSeriesPanel } from './otherpanels.tsx';
import { RunwayPanel } from './runway.tsx';
import type { View } from './view.ts';

// DashboardPage draws a dashboard file.
export function DashboardPage({ name }: { name: string }) {
  const { client } = useApp();
  const file = useQuery(name, (signal) => client.dashboard(name, signal));
  if (file.data?.name !== name) return file.error ? <Failed error={file.error} again={file.again} /> : <Loading />;
  return <Drawn key={name} dashboard={file.data} />;
}

function Drawn({ dashboard }: { dashboard: Dashboard }) {
  const { lang, zone } = useApp();
  const place = usePlace();
  const period = usePeriod(dashboard.range, dashboard.refresh);
  const colours = useMemo(() => new Colours(), [dashboard.name]);
  const chosen: Record<string, string> = {};
  for (const v of dashboard.variables) {
    const value = place.search.get('var-' + v.name);
    if (value !== null) chosen[v.dimension] = value;
  }
  const foreign = useForeign(period.currency);
  const view: View = { range: period.range, turn: period.turn, zone, currency: period.currency, foreign, chosen, colours, zoom: (from, to) => period.setRange({ preset: '', from, to }) };
  return (
    <>
      <PageHead title={dashboard.title[lang]} about={dashboard.about[lang]}><RangePicker period={period} /></PageHead>
      {dashboard.variables.length > 0 && <Variables variables={dashboard.variables} />}
      <div class="grid">
        {dashboard.panels.map((p) => (
          <div
            key={p.id} class={`cell cell-${p.type}`}
            style={{ '--x': String(p.grid.x + 1), '--w': String(p.grid.w), '--y': String(p.grid.y + 1), '--h': String(p.grid.h) }}
          >
            <Body panel={p} view={view} />
          </div>
        ))}
      </div>
    </>
  );
}

const bodies: Record<string, (props: PanelProps) => preact.JSX.Element> = {
  stat: StatPanel, unpriced: UnpricedPanel, donut: DonutPanel, bars: BarsPanel, table: CostTablePanel, balances: RunwayPanel, load: LoadPanel, freshness: FreshnessPanel,
};

export function Body({ panel, view }: { panel: Panel; view: View }) {
  const { t } = useApp();
  if (panel.type === 'timeseries') return panel.query.kind === 'usage' ? <UsageSeriesPanel panel={panel} view={view} /> : <CostSeriesPanel panel={panel} view={view} />;
  const Found = bodies[panel.type];
  return Found ? <Found panel={panel} view={view} /> : <section class="panel"><Empty>{t.panel.notShown}</Empty></section>;
}

function Variables({ variables }: { variables: Variable[] }) {
  const { t } = useApp();
  return <div class="variables" role="group" aria-label={t.panel.variables}>{variables.map((v) => <Picker key={v.name} variable={v} />)}</div>;
}

// Picker chooses one value of a variable, out of those that the data has.
function Picker({ variable }: { variable: Variable }) {
  const { t, lang, client } = useApp();
  const place = usePlace();
  const param = 'var-' + variable.name;
  const value = place.search.get(param);
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const wanted = open || value !== null;
  const found = useQuery(wanted ? JSON.stringify([variable.dimension, open ? text : '']) : '', (signal) => client.values(variable.dimension, open ? text : '', signal));
  useOutside(box, open, () => setOpen(false));
  useEffect(() => {
    if (open) input.current?.focus();
  }, [open]);
  const label = value === null ? t.common.all : (found.data?.find((k) => k.value === value)?.label ?? value) || t.common.empty;
  const pick = (v: string | null) => {
    setOpen(false);
    box.current?.querySelector('button')?.focus();
    const search = new URLSearchParams(place.search);
    if (v === null) search.delete(param);
    else search.set(param, v);
    place.go('?' + search.toString());
  };
  return (
    <div class="menu" ref={box} onKeyDown={(e) => { if (e.key === 'Escape' && open) { setOpen(false); box.current?.querySelector('button')?.focus(); } }}>
      <button type="button" class="button plain picker" aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="mute">{variable.title[lang]}:</span> <span class="picked">{label}</span><Icon name="down" size={14} />
      </button>
      {open && (
        <div class="popover narrow" role="dialog" aria-label={variable.title[lang]}>
          <input ref={input} type="search" aria-label={t.panel.pickSearch} placeholder={t.panel.pickSearch} value={text} onInput={(e) => setText(e.currentTarget.value)} />
          <ul class="presets">
            <li><button type="button" aria-pressed={value === null} onClick={() => pick(null)}>{t.common.all}</button></li>
            {(found.data ?? []).map((k) => <li key={k.value}><button type="button" aria-pressed={k.value === value} onClick={() => pick(k.value)}>{k.label || k.value || t.common.empty}</button></li>)}
          </ul>
          {found.data?.length === 0 && <p class="help">{t.panel.pickNone}</p>}
          {found.error !== undefined && <Failed error={found.error} again={found.again} />}
        </div>
      )}
    </div>
  );
}
