import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import type { DataState, Panel } from '../api/types.ts';
import { known, moment } from '../format/time.ts';
import { useApp } from '../state/app.tsx';
import type { Answer } from '../state/query.ts';
import { Dialog, Failed, Loading, Menu, useOutside, type MenuItem } from '../ui/basics.tsx';
import { Icon } from '../ui/icons.tsx';
import { csv, download, type Table } from './view.ts';

export interface FrameProps<T> {
  panel: Panel;
  answer: Answer<T>;
  data?: DataState;
  // table is made only when it is asked for.
  table?: (data: T) => Table;
  chart?: boolean;
  extra?: ComponentChildren;
  // note is a line of the panel's own above its age.
  note?: ComponentChildren;
  children: (data: T) => ComponentChildren;
}

// Frame is what all panels have: title, help, menu, states, age and completeness.
export function Frame<T>(props: FrameProps<T>) {
  const { t, lang } = useApp();
  const { panel, answer } = props;
  const [asTable, setAsTable] = useState(false);
  const [full, setFull] = useState(false);
  const id = useId();
  const title = panel.title[lang];
  const body = () => {
    if (answer.data === undefined) return answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />;
    return (
      <>
        {answer.error !== undefined && <Failed error={answer.error} again={answer.again} />}
        {asTable && props.table ? <TableView table={props.table(answer.data)} /> : props.children(answer.data)}
      </>
    );
  };
  const items: MenuItem[] = [{ label: full ? t.panel.leaveFullScreen : t.panel.fullScreen, icon: 'expand', act: () => setFull(!full) }];
  if (props.table && props.chart) items.push({ label: asTable ? t.panel.asChart : t.panel.asTable, icon: asTable ? 'dashboard' : 'table', act: () => setAsTable(!asTable) });
  if (props.table && answer.data !== undefined) {
    const { table } = props;
    const { data } = answer;
    items.push({ label: t.panel.csv, icon: 'download', act: () => download(`infrazen-${panel.id}.csv`, csv(table(data))) });
  }
  const inner = (
    <>
      <header class="panel-head">
        {!full && <h2 id={id}>{title}</h2>}
        {panel.help[lang] && <Help title={title} text={panel.help[lang]} />}
        <span class="grow" />
        {props.extra}
        {answer.busy && answer.data !== undefined && <span class="spinner small" aria-hidden="true" />}
        <Menu label={t.panel.menu(title)} icon="more" items={items} />
      </header>
      <div class={`panel-body body-${panel.type}`}>{body()}</div>
      {answer.data !== undefined && props.note}
      {props.data && answer.data !== undefined && <Age data={props.data} />}
    </>
  );
  if (full) {
    return (
      <section class="panel" aria-label={title}>
        <Dialog title={title} wide onClose={() => setFull(false)}><div class="panel full">{inner}</div></Dialog>
      </section>
    );
  }
  return <section class="panel" aria-labelledby={id} data-panel={panel.id}>{inner}</section>;
}

function Help({ title, text }: { title: string; text: string }) {
  const { t } = useApp();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  useOutside(box, open, () => setOpen(false));
  return (
    <div class="menu" ref={box} onKeyDown={(e) => e.key === 'Escape' && setOpen(false)}>
      <button type="button" class="button quiet bare help-button" aria-label={t.panel.help(title)} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}><Icon name="info" size={16} /></button>
      <div class="hint" id={id} role="note" hidden={!open}>{text}</div>
    </div>
  );
}

// Age tells how old and how whole the data under a panel is.
export function Age({ data }: { data: DataState }) {
  const { t, lang, zone } = useApp();
  const [open, setOpen] = useState(false);
  const when = known(data.collected_at) ? t.panel.dataAt(moment(Date.parse(data.collected_at), lang, zone)) : t.panel.noData;
  if (data.complete || data.gap_count === 0) return <footer class="age">{when}{data.complete && known(data.collected_at) && <> · {t.panel.whole}</>}</footer>;
  return (
    <footer class="age">
      <Icon name="warn" size={14} />
      <span>{when}, <button type="button" class="link" onClick={() => setOpen(true)}>{missing(data, t)}<span class="of">{missingOf(data)}</span></button></span>
      {open && <Gaps data={data} close={() => setOpen(false)} />}
    </footer>
  );
}

function missing(data: DataState, t: ReturnType<typeof useApp>['t']): string {
  if (data.gap_count > data.gaps.length) return t.panel.gaps(data.gap_count);
  if (data.gaps.some((g) => !g.from || !g.to)) return t.panel.gaps(data.gap_count);
  const hours = Math.round(data.gaps.reduce((sum, g) => sum + Date.parse(g.to!) - Date.parse(g.from!), 0) / 3_600_000);
  if (hours < 1) return t.panel.gaps(data.gap_count);
  return t.panel.gapsHours(hours);
}

// missingOf names the connections that lack data.
function missingOf(data: DataState): string {
  const names = [...new Set(data.gaps.map((g) => g.connection_name))].filter(Boolean);
  return names.length === 0 ? '' : ': ' + names.slice(0, 2).join(', ') + (names.length > 2 ? '…' : '');
}

function Gaps({ data, close }: { data: DataState; close: () => void }) {
  const { t, lang, zone } = useApp();
  return (
    <Dialog title={t.panel.gapsTitle} onClose={close}>
      <ul class="lines">
        {data.gaps.map((g, i) => (
          <li key={i}><strong>{g.connection_name}</strong>{known(g.from) && known(g.to) && `, ${moment(Date.parse(g.from), lang, zone)} – ${moment(Date.parse(g.to), lang, zone)}`}{g.reason && `: ${g.reason}`}</li>
        ))}
        {data.gap_count > data.gaps.length && <li>{t.panel.gapsMore(data.gap_count - data.gaps.length)}</li>}
      </ul>
    </Dialog>
  );
}

export function TableView({ table }: { table: Table }) {
  return (
    <div class="scroll" tabIndex={0}>
      <table class="data">
        <thead><tr>{table.head.map((h, i) => <th key={i} scope="col" class={table.numeric[i] ? 'num' : ''}>{h}</th>)}</tr></thead>
        <tbody>{table.rows.map((r, i) => <tr key={i}>{r.cells.map((c, j) => <td key={j} class={table.numeric[j] ? 'num' : ''}>{c}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}
