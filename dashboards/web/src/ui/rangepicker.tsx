import { useRef, useState } from 'preact/hooks';
import { clock, shortDay } from '../format/time.ts';
import { instant, offsetLabel, parts } from '../format/zone.ts';
import { useApp } from '../state/app.tsx';
import { refreshes, type Period } from '../state/period.tsx';
import { presets, resolve, type Range } from '../state/range.ts';
import type { Lang } from '../text/index.ts';
import { Button, Menu, useOutside } from './basics.tsx';
import { CurrencyPicker } from './currencypicker.tsx';
import { Icon } from './icons.tsx';

// rangeLabel names a period: a preset by its name, another by its ends.
export function rangeLabel(r: Range, names: Record<string, string>, lang: Lang, zone: string): string {
  if (r.preset) return names[r.preset] ?? r.preset;
  const end = (at: number) => `${shortDay(at, lang, zone)} ${clock(at, lang, zone)}`;
  return `${end(r.from)} – ${end(r.to)}`;
}

function local(at: number, zone: string): string {
  const p = parts(at, zone);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${p.year}-${two(p.month)}-${two(p.day)}T${two(p.hour)}:${two(p.minute)}`;
}

function unlocal(text: string, zone: string): number {
  const m = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+)/.exec(text);
  return m ? instant(zone, Number(m[1]), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5])) : NaN;
}

// RangePicker chooses the period, the currency and how often they are refreshed, and shows the zone.
export function RangePicker({ period }: { period: Period }) {
  const { t, lang, zone } = useApp();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useOutside(box, open, () => setOpen(false));
  const names = t.range as unknown as Record<string, string>;
  const zoneText = `${zone.split('/').pop()!.replace(/_/g, ' ')}, ${offsetLabel(period.range.to, zone)}`;
  return (
    <div class="range">
      <div class="menu" ref={box} onKeyDown={(e) => { if (e.key === 'Escape' && open) { e.stopPropagation(); setOpen(false); box.current?.querySelector('button')?.focus(); } }}>
        <button type="button" class="button plain" aria-haspopup="dialog" aria-expanded={open} title={t.range.zone(zoneText)} onClick={() => setOpen(!open)} data-testid="range">
          <Icon name="calendar" size={18} />
          <span>{rangeLabel(period.range, names, lang, zone)}</span>
          <span class="zone">{offsetLabel(period.range.to, zone)}</span>
          <Icon name="down" size={14} />
        </button>
        {open && <Choices period={period} zoneText={zoneText} close={() => { setOpen(false); box.current?.querySelector('button')?.focus(); }} />}
      </div>
      <CurrencyPicker period={period} />
      {!period.range.preset && <Button icon="zoomOut" label={t.range.zoomOut} onClick={() => history.back()} />}
      <div class="joined">
        <Button icon="refresh" label={t.range.refreshNow} onClick={period.refreshNow} />
        <Menu
          label={`${t.range.refresh}: ${t.range[period.refresh]}`} tone="plain" icon="down"
          items={refreshes.map((r) => ({ label: t.range[r], chosen: r === period.refresh, act: () => period.setRefresh(r) }))}
        />
      </div>
    </div>
  );
}

function Choices({ period, zoneText, close }: { period: Period; zoneText: string; close: () => void }) {
  const { t, zone } = useApp();
  const [from, setFrom] = useState(local(period.range.from, zone));
  const [to, setTo] = useState(local(period.range.to, zone));
  const [bad, setBad] = useState(false);
  const apply = (e: Event) => {
    e.preventDefault();
    const a = unlocal(from, zone);
    const b = unlocal(to, zone);
    if (!(a < b)) return setBad(true);
    period.setRange({ preset: '', from: a, to: b });
    close();
  };
  return (
    <div class="popover" role="dialog" aria-label={t.range.label}>
      <ul class="presets">
        {presets.map((p) => (
          <li key={p}>
            <button type="button" aria-pressed={period.range.preset === p} onClick={() => { period.setRange(resolve(p, Date.now(), zone)); close(); }}>{t.range[p]}</button>
          </li>
        ))}
      </ul>
      <form onSubmit={apply}>
        <h3>{t.range.custom}</h3>
        <label>{t.range.from}<input type="datetime-local" name="from" value={from} onInput={(e) => setFrom(e.currentTarget.value)} /></label>
        <label>{t.range.to}<input type="datetime-local" name="to" value={to} onInput={(e) => setTo(e.currentTarget.value)} /></label>
        {bad && <p class="fault" role="alert">{t.range.bad}</p>}
        <Button submit tone="primary">{t.range.apply}</Button>
        <p class="help">{t.range.zone(zoneText)}</p>
      </form>
    </div>
  );
}
