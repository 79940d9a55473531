import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock, full, month, shortDay } from '../format/time.ts';
import { useApp } from '../state/app.tsx';
import { snap } from '../state/range.ts';
import { useDark } from '../state/theme.ts';
import type { Lang } from '../text/index.ts';
import { ink, type Ink } from './palette.ts';
import { stack } from './stack.ts';

// Series is one row of a chart. Values are for drawing; text writes the exact value of a point for people.
export interface Series {
  key: string;
  label: string;
  colour: string;
  values: (number | null)[];
  text: (i: number) => string;
  summary?: string;
  // line draws the series over the others, dashed, outside of the stack.
  line?: boolean;
}

export interface ChartProps {
  times: number[]; // unix seconds
  series: Series[];
  draw: string; // bars, area, line
  from: number; // milliseconds
  to: number;
  axis: (v: number) => string;
  total?: (i: number) => string;
  byDay: boolean; // points are days or longer
  binary?: boolean; // values are bytes: the axis counts in powers of two
  label: string;
  onZoom?: (from: number, to: number) => void;
}

interface Tip {
  index: number;
  left: number;
  top: number;
  width: number;
}

const hour = 3600;
const day = 24 * hour;
const dayIncrements = [1, 2, 3, 4, 5, 7, 10, 14, 30, 60, 90, 120, 180, 365, 730, 1825].map((n) => n * day);
const binaryIncrements = Array.from({ length: 60 }, (_, n) => 2 ** n);
const increments = [300, 600, 900, 1800, hour, 2 * hour, 3 * hour, 4 * hour, 6 * hour, 12 * hour, ...dayIncrements];

// TimeSeries draws series over time. Dragging chooses a part of the time; the cursor is shared by all charts of the page.
export function TimeSeries(props: ChartProps) {
  const { t, lang, zone } = useApp();
  const dark = useDark();
  const box = useRef<HTMLDivElement>(null);
  const zoom = useRef(props.onZoom);
  zoom.current = props.onZoom;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [tip, setTip] = useState<Tip | null>(null);
  const shown = useMemo(() => props.series.filter((s) => !hidden.has(s.key)), [props.series, hidden]);

  useEffect(() => {
    const element = box.current!;
    const { options, data } = compose({ ...props, series: shown }, { lang, zone, paint: ink(dark) }, zoom, setTip);
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const plot = new uPlot({ ...options, ...size() }, data, element);
    const watch = new ResizeObserver(() => {
      const s = size();
      if (s.width > 0 && s.height > 0 && (s.width !== plot.width || s.height !== plot.height)) plot.setSize(s);
    });
    watch.observe(element);
    let alive = true;
    void document.fonts.ready.then(() => alive && plot.redraw(false, true));
    return () => {
      alive = false;
      watch.disconnect();
      plot.destroy();
      setTip(null);
    };
  }, [shown, props.times, props.from, props.to, props.draw, lang, zone, dark]);

  const toggle = (key: string) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    setHidden(next.size === props.series.length ? new Set() : next);
  };
  return (
    <div class="chart">
      <div class="plot" role="img" aria-label={t.panel.points(props.label, props.times.length)}>
        <div class="plot-box" ref={box} />
        {tip && <Tooltip {...props} series={shown} tip={tip} lang={lang} zone={zone} />}
      </div>
      {props.series.length > 1 && (
        <ul class="legend">
          {props.series.map((s) => (
            <li key={s.key}>
              <button type="button" aria-pressed={!hidden.has(s.key)} onClick={() => toggle(s.key)} title={s.label}>
                <Mark colour={s.colour} line={s.line} /><span class="legend-name">{s.label}</span>{s.summary && <span class="legend-sum">{s.summary}</span>}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function Mark({ colour, line }: { colour: string; line?: boolean }) {
  return (
    <svg class="mark" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {line ? <path d="M0 5h10" stroke={colour} stroke-width="2" stroke-dasharray="3 2" /> : <rect width="10" height="10" rx="2" fill={colour} />}
    </svg>
  );
}

function Tooltip(props: ChartProps & { tip: Tip; lang: Lang; zone: string }) {
  const { t } = useApp();
  const { tip, times } = props;
  const at = times[tip.index];
  if (at === undefined) return null;
  const rows = props.series.filter((s) => s.values[tip.index] != null);
  const side = tip.left > tip.width / 2 ? { right: `${Math.round(tip.width - tip.left + 12)}px` } : { left: `${Math.round(tip.left + 12)}px` };
  return (
    <div class="tip" style={{ ...side, top: `${Math.round(tip.top)}px` }} aria-hidden="true">
      <strong>{full(at * 1000, props.lang, props.zone, !props.byDay)}</strong>
      <table>
        <tbody>
          {rows.slice(0, 12).map((s) => (
            <tr key={s.key}><td><Mark colour={s.colour} line={s.line} /></td><th>{s.label}</th><td class="num">{s.text(tip.index)}</td></tr>
          ))}
          {props.total && rows.length > 1 && <tr class="sum"><td /><th>{t.panel.total}</th><td class="num">{props.total(tip.index)}</td></tr>}
        </tbody>
      </table>
    </div>
  );
}

type View = { lang: Lang; zone: string; paint: Ink };
type Zoom = { current: ((from: number, to: number) => void) | undefined };

// compose makes uPlot's options and its data: stacked rows from the top one down, so that lower ones are drawn over them.
function compose(props: ChartProps, view: View, zoom: Zoom, show: (tip: Tip | null) => void): { options: Omit<uPlot.Options, 'width' | 'height'>; data: uPlot.AlignedData } {
  const plain = props.series.filter((s) => !s.line);
  const lines = props.series.filter((s) => s.line);
  const stacked = props.draw !== 'line';
  const rows = stacked ? stack(plain.map((s) => s.values)).reverse() : plain.map((s) => s.values);
  const order = stacked ? [...plain].reverse() : plain;
  const end = props.draw === 'line' ? null : endOfLast(props);
  const times = end === null ? props.times : [...props.times, end];
  // beyond carries a stepped row on to the end of its last step; bars need no more.
  const beyond = (row: (number | null)[], stepped: boolean) => (end === null ? row : [...row, stepped ? (row.at(-1) ?? null) : null]);
  const drawn = [...order.map((s) => seriesOf(s, props.draw)), ...lines.map(dashed)];
  const bands = props.draw === 'area' ? order.slice(1).map((_, i) => ({ series: [i + 1, i + 2] as [number, number] })) : [];
  return {
    data: [times, ...rows.map((r) => beyond(r, props.draw === 'area')), ...lines.map((s) => beyond(s.values, true))] as uPlot.AlignedData,
    options: {
      legend: { show: false },
      padding: [10, 8, 0, 0],
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), view.zone),
      scales: {
        x: { time: true, range: () => span(props) },
        y: { range: (_u, min, max) => spread(min, max) },
      },
      axes: axes(props, view),
      bands,
      cursor: cursor(),
      hooks: { setCursor: [(u) => follow(u, props.times.length, show)], setSelect: [(u) => choose(u, zoom)] },
      series: [{}, ...drawn],
    },
  };
}

// endOfLast is where the last point's step ends: a point stands at the start of what it measures. Null without points.
function endOfLast({ times, byDay }: ChartProps): number | null {
  const last = times.at(-1);
  if (last === undefined) return null;
  return last + (times.length > 1 ? last - times.at(-2)! : byDay ? day : hour);
}

// span is the period, or as much more as the first and the last point need.
function span(props: ChartProps): [number, number] {
  const end = props.draw === 'line' ? 0 : (endOfLast(props) ?? 0);
  return [Math.min(props.from / 1000, props.times[0] ?? Infinity), Math.max(props.to / 1000, end)];
}

function spread(min: number | null, max: number | null): [number, number] {
  const top = Math.max(max ?? 0, 0);
  const bottom = Math.min(min ?? 0, 0);
  if (top === bottom) return [0, 1];
  const air = (top - bottom) * 0.08;
  return [bottom < 0 ? bottom - air : 0, top + (top > 0 ? air : 0)];
}

function seriesOf(s: Series, draw: string): uPlot.Series {
  const common = { label: s.label, points: { show: false }, stroke: s.colour };
  if (draw === 'bars') return { ...common, width: 0, fill: s.colour, paths: uPlot.paths.bars!({ align: 1, size: [0.82, 64], radius: 0 }) };
  if (draw === 'area') return { ...common, width: 1.5, fill: s.colour + '59', paths: uPlot.paths.stepped!({ align: 1 }) };
  return { ...common, width: 1.5 };
}

function dashed(s: Series): uPlot.Series {
  return { label: s.label, stroke: s.colour, width: 1.5, dash: [5, 4], points: { show: false }, paths: uPlot.paths.stepped!({ align: 1 }) };
}

function axes(props: ChartProps, view: View): uPlot.Axis[] {
  const font = '11.5px "Golos Text Variable", system-ui, sans-serif';
  const common = { stroke: view.paint.text, font, grid: { stroke: view.paint.grid, width: 1 }, ticks: { show: false } };
  return [
    {
      ...common, grid: { show: false }, size: 30, space: 62, gap: 8, incrs: props.byDay ? dayIncrements : increments,
      values: (u, splits, _axis, _space, incr) => splits.map((s, i) => (nearEnd(u, s) ? '' : tick(s * 1000, incr, i === 0 ? null : splits[i - 1]! * 1000, view))),
    },
    {
      ...common, gap: 6, space: 36, incrs: props.binary ? binaryIncrements : undefined, values: (_u, splits) => splits.map(props.axis),
      size: (_u, values) => Math.ceil(Math.max(...(values ?? ['']).map((v) => String(v).length)) * 6.5) + 16,
    },
  ];
}

// nearEnd tells whether a label at x would be cut off by the chart's right edge.
function nearEnd(u: uPlot, x: number): boolean {
  const { min, max } = u.scales['x']!;
  return (max! - x) / (max! - min!) < 20 / u.width;
}

function tick(at: number, incr: number, before: number | null, view: View): string {
  if (incr >= 28 * day) return month(at, view.lang, view.zone);
  const date = shortDay(at, view.lang, view.zone);
  if (incr >= day) return date;
  if (before !== null && shortDay(before, view.lang, view.zone) !== date) return date;
  return clock(at, view.lang, view.zone);
}

function cursor(): uPlot.Cursor {
  return {
    y: false,
    points: { show: false },
    drag: { x: true, y: false, setScale: false, dist: 6 },
    bind: { dblclick: () => () => null },
    sync: { key: 'page', setSeries: false, scales: ['x', null], filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
  };
}

function follow(u: uPlot, points: number, show: (tip: Tip | null) => void): void {
  const { left = -1, top = -1, idx } = u.cursor;
  if (left < 0 || idx == null) return show(null);
  const plot = u.over;
  const mine = u.cursor.event?.target === plot;
  const offset = plot.offsetLeft + left;
  show({ index: Math.min(barAt(u, left, idx), points - 1), left: offset, top: mine ? Math.max(0, Math.min(top - 20, plot.clientHeight - 90)) : 4, width: u.root.clientWidth });
}

// barAt is the point whose span the cursor is in: points stand at the start of what they measure.
function barAt(u: uPlot, left: number, nearest: number): number {
  const x = u.posToVal(left, 'x');
  const times = u.data[0];
  return times[nearest]! > x && nearest > 0 ? nearest - 1 : nearest;
}

function choose(u: uPlot, zoom: Zoom): void {
  const { left, width } = u.select;
  if (width < 6) return;
  const range = snap(u.posToVal(left, 'x') * 1000, u.posToVal(left + width, 'x') * 1000);
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom.current?.(range.from, range.to);
}
