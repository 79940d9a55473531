import { useEffect, useRef, useState } from 'preact/hooks';
import type { Preview, Provider } from '../api/types.ts';
import * as decimal from '../format/decimal.ts';
import { money } from '../format/money.ts';
import { count } from '../format/number.ts';
import { day, known } from '../format/time.ts';
import { sentence, useApp } from '../state/app.tsx';
import { compareTotal, conditionOf, readAmount, readMapping, withRole, withTagKey, writeMapping, type Condition, type LeaveOut, type Mapping } from '../state/mapping.ts';
import { Button, FileField, Loading, Notice, SelectField, TextField } from '../ui/basics.tsx';

// MappingStep shows a file as it is read, and lets the user say what is in which column. value is the mapping as it is kept,
// empty until the first file is read.
export function MappingStep(props: { provider: Provider; value: string; error?: string; file: File | null; onFile: (file: File) => void; onInput: (mapping: string) => void }) {
  const { t, client } = useApp();
  const { provider, value, file } = props;
  const [preview, setPreview] = useState<Preview | null>(null);
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const said = useRef(''); // the mapping that the preview shown is of
  const guessed = useRef(''); // the latest guess: as long as nobody has changed it, another file is guessed anew
  const input = useRef(props.onInput);
  input.current = props.onInput;
  useEffect(() => {
    if (!file) return;
    const stop = new AbortController();
    setBusy(true);
    const timer = setTimeout(() => {
      client.preview(provider.kind, value, file, stop.signal).then(
        (p) => {
          setPreview(p);
          setProblem(undefined);
          setBusy(false);
          said.current = p.mapping;
          if (!p.guessed || p.columns.length === 0) return;
          guessed.current = p.mapping;
          input.current(p.mapping);
        },
        (e: unknown) => {
          if (stop.signal.aborted) return;
          setBusy(false);
          setProblem(e);
        },
      );
    }, value === '' || preview === null ? 0 : 400);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [file, value === said.current ? '' : value, provider.kind]);
  const choose = (f: File) => {
    if (value !== '' && value === guessed.current) props.onInput('');
    props.onFile(f);
  };
  const mapping = readMapping(value);
  const change = (m: Mapping) => props.onInput(writeMapping(m));
  const uploads = provider.uploads;
  const help = [uploads?.help, file || !mapping ? '' : t.mapping.kept(Object.keys(mapping.columns).length)].filter(Boolean).join(' ');
  return (
    <div class="mapping-part">
      <h2>{t.mapping.title}</h2>
      <p class="mute">{t.mapping.about}</p>
      <FileField label={uploads?.title ?? t.mapping.file} help={help} name="report" accept={uploads?.extensions ?? []} onChoose={choose} error={file ? undefined : props.error} />
      {busy && !preview && <Loading />}
      {problem !== undefined && <Notice tone="bad">{sentence(problem, t)}</Notice>}
      {preview && <Questions p={preview} />}
      {preview && mapping && preview.columns.length > 0 && <Table p={preview} m={mapping} change={change} />}
      {preview && mapping && <Settings p={preview} m={mapping} change={change} />}
      {preview && mapping && <Rules p={preview} m={mapping} change={change} />}
      {preview && <Found p={preview} busy={busy} />}
      {file && props.error && <Notice tone="bad">{props.error}</Notice>}
    </div>
  );
}

function Questions({ p }: { p: Preview }) {
  const { t } = useApp();
  return (
    <>
      {p.questions.length > 0 && <Notice tone="warn" title={t.mapping.questions}><ul class="lines">{p.questions.map((q) => <li key={q.code}>{q.text}</li>)}</ul></Notice>}
      {p.fault && <Notice tone="bad">{p.fault.text}</Notice>}
      {p.problems.length > 0 && (
        <details>
          <summary>{t.mapping.problems}</summary>
          <ul class="lines">{p.problems.map((x, i) => <li key={i}>{x.text}</li>)}</ul>
        </details>
      )}
    </>
  );
}

interface Part {
  p: Preview;
  m: Mapping;
  change: (m: Mapping) => void;
}

// roleOf is what the mapping makes of a column; of several roles the first in the order of roles.
function roleOf(p: Preview, m: Mapping, column: string): string {
  const is = (c: string | undefined) => c !== undefined && c.toLowerCase() === column.toLowerCase();
  const role = p.roles.find((r) => is(m.columns[r.value]))?.value;
  return role ?? ((m.tags ?? []).some((x) => is(x.column)) ? 'tag' : '');
}

function Table({ p, m, change }: Part) {
  const { t } = useApp();
  const roles = [{ value: '', label: t.mapping.unused }, ...p.roles];
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={t.mapping.firstRows(p.rows.length)}>
        <table class="data">
          <thead>
            <tr>
              <td>{t.mapping.row}</td>
              {p.columns.map((c) => {
                const role = roleOf(p, m, c.name);
                const tag = (m.tags ?? []).find((x) => x.column.toLowerCase() === c.name.toLowerCase());
                return (
                  <th scope="col" key={c.name} class={role ? 'used' : ''}>
                    <select aria-label={t.mapping.columnRole(c.name)} value={role} onChange={(e) => change(withRole(m, c.name, e.currentTarget.value))}>
                      {roles.map((r) => <option key={r.value} value={r.value} selected={r.value === role}>{r.label}</option>)}
                    </select>
                    {role === 'tag' && <input aria-label={t.mapping.tagKey(c.name)} placeholder={t.mapping.manyTags} value={tag?.key ?? ''} onChange={(e) => change(withTagKey(m, c.name, e.currentTarget.value.trim()))} />}
                    <div title={c.name}>{c.name}</div>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {p.rows.map((r) => (
              <tr key={r.number}>
                <td>{r.number}</td>
                {r.cells.map((cell, i) => <td key={i} title={cell} class={roleOf(p, m, p.columns[i]?.name ?? '') ? 'used' : ''}>{cell}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="help">{t.mapping.firstRows(p.rows.length)}</p>
    </>
  );
}

function Settings({ p, m, change }: Part) {
  const { t } = useApp();
  const x = t.mapping;
  const set = (part: Partial<Mapping>) => change({ ...m, ...part });
  const pick = (label: string, name: keyof Mapping, choices: [string, string][], value = String(m[name] ?? '')) => (
    <SelectField label={label} name={'mapping-' + name} value={value} onInput={(v) => set({ [name]: v })} options={choices.map(([v, l]) => ({ value: v, label: l }))} />
  );
  const book = p.sheets.length > 0;
  return (
    <details open={p.questions.length > 0 || p.fault !== null}>
      <summary>{x.settings}</summary>
      <div class="settings-grid">
        {pick(x.dateOrder, 'date_order', [['', x.dateAuto], ['dmy', x.dayFirst], ['mdy', x.monthFirst]])}
        {m.columns.end
          ? <SelectField label={x.endInclusive} name="mapping-end_inclusive" value={m.end_inclusive ? 'in' : 'out'} onInput={(v) => set({ end_inclusive: v === 'in' })} options={[{ value: 'out', label: x.endOut }, { value: 'in', label: x.endIn }]} />
          : pick(x.period, 'period', [['', x.periodNone], ['hour', x.periods.hour], ['day', x.periods.day], ['month', x.periods.month]])}
        <TextField label={x.zone} name="mapping-zone" value={m.zone ?? ''} placeholder="Europe/Moscow" onInput={(v) => set({ zone: v.trim() })} />
        {pick(x.decimal, 'decimal', [['.', x.point], [',', x.comma]], m.decimal || '.')}
        {pick(x.group, 'group', [['', x.groupNone], [',', x.groupComma], ['.', x.groupPoint]])}
        {pick(x.sign, 'sign', [['', x.signs['']], ['negated', x.signs.negated], ['positive_credits', x.signs.positive_credits]])}
        <TextField label={x.currency} name="mapping-currency" value={m.currency ?? ''} placeholder="RUB" onInput={(v) => set({ currency: v.trim().toUpperCase() })} />
        <TextField label={x.headerRow} name="mapping-header_row" value={m.header_row ? String(m.header_row) : ''} placeholder={x.headerAuto} inputMode="numeric" onInput={(v) => set({ header_row: Number(v.replace(/\D/g, '')) || 0 })} />
        {book
          ? pick(x.sheet, 'sheet', [['', x.sheetFirst], ...p.sheets.map((s): [string, string] => [s, s])])
          : pick(x.delimiter, 'delimiter', [['', x.delimiterAuto], [',', ','], [';', ';'], ['\t', x.tab], ['|', '|']])}
        {!book && pick(x.encoding, 'encoding', [['', x.encodingAuto], ['utf-8', 'UTF-8'], ['windows-1251', 'windows-1251'], ['utf-16', 'UTF-16']])}
        {pick(x.badRows, 'bad_rows', [['', x.badRefuse], ['leave_out', x.badLeave]])}
      </div>
    </details>
  );
}

function Rules({ p, m, change }: Part) {
  const { t } = useApp();
  const x = t.mapping;
  const [column, setColumn] = useState('');
  const [how, setHow] = useState<Condition>('prefix');
  const [value, setValue] = useState('');
  const rules = m.leave_out ?? [];
  const say = (r: LeaveOut) => {
    const c = conditionOf(r);
    return x.ruleText(r.column, x.ruleWhat[c.how](c.value));
  };
  const chosen = column || p.columns[0]?.name || '';
  const add = () => {
    change({ ...m, leave_out: [...rules, { column: chosen, ...(how === 'empty' ? { empty: true } : { [how]: value.trim() }) }] });
    setValue('');
  };
  return (
    <details open={rules.length > 0}>
      <summary>{x.leaveOut}</summary>
      <p class="help">{x.leaveOutAbout}</p>
      {rules.map((r, i) => (
        <p class="rule" key={i}><span>{say(r)}</span><Button small tone="quiet" icon="trash" label={x.ruleRemove(say(r))} onClick={() => change({ ...m, leave_out: rules.filter((_, j) => j !== i) })} /></p>
      ))}
      <div class="settings-grid">
        <SelectField label={x.ruleColumn} value={chosen} onInput={setColumn} options={p.columns.map((c) => ({ value: c.name, label: c.name }))} />
        <SelectField label={x.ruleHow} value={how} onInput={(v) => setHow(v as Condition)} options={(['prefix', 'equals', 'contains', 'empty'] as const).map((h) => ({ value: h, label: x.ruleHows[h] }))} />
        {how !== 'empty' && <TextField label={x.ruleValue} value={value} onInput={setValue} />}
      </div>
      <div class="actions"><Button small icon="plus" disabled={chosen === '' || (how !== 'empty' && value.trim() === '')} onClick={add}>{x.ruleAdd}</Button></div>
    </details>
  );
}

function Found({ p, busy }: { p: Preview; busy: boolean }) {
  const { t, lang, zone } = useApp();
  const x = t.mapping;
  const [document, setDocument] = useState('');
  const amount = readAmount(document);
  const bad = document.trim() !== '' && amount === null;
  const last = known(p.last) ? Date.parse(p.last) - 1000 : 0;
  return (
    <>
      <div class="found" aria-busy={busy} data-found>
        <div>
          <p class="mute">{x.total}</p>
          {p.totals.length === 0 ? <p>{x.noTotal}</p> : p.totals.map((s) => <p class="big" key={s.currency} title={s.cost}>{money(s.cost, s.currency, lang)}</p>)}
        </div>
        <div><p class="mute">{x.lines}</p><p>{count(p.lines, lang)}</p></div>
        {known(p.first) && <div><p class="mute">{x.span}</p><p>{day(Date.parse(p.first), lang, zone)} – {day(last, lang, zone)}</p></div>}
        {p.unpriced > 0 && <div><p class="warn-text">{x.unpriced(p.unpriced)}</p></div>}
        {p.left_out.map((l, i) => (
          <div key={i}><p class="mute">{x.left(l.rows)}: {l.reason}</p><p>{l.totals.map((s) => money(s.cost, s.currency, lang)).join(', ')}</p></div>
        ))}
      </div>
      {p.notes.filter((n) => n.code !== 'rows_left_out' && n.code !== 'unpriced').length > 0 && (
        <details><summary>{x.notes}</summary><ul class="lines">{p.notes.map((n, i) => <li key={i}>{n.text}</li>)}</ul></details>
      )}
      {p.totals.length > 0 && <TextField label={x.document} help={x.documentHelp} name="document-total" optional inputMode="decimal" value={document} onInput={setDocument} error={bad ? x.documentBad : undefined} />}
      {amount !== null && <Compared p={p} amount={amount} />}
    </>
  );
}

function Compared({ p, amount }: { p: Preview; amount: string }) {
  const { t, lang } = useApp();
  const c = compareTotal(p, amount);
  if (!c) return null;
  if (c.agrees) return <Notice tone="good">{t.mapping.agrees}</Notice>;
  const size = money(c.difference.replace(/^-/, ''), p.totals[0]!.currency, lang);
  const why = { left: t.mapping.whyLeft, unpriced: t.mapping.whyUnpriced, tax: t.mapping.whyTax, currencies: t.mapping.whyCurrencies };
  return (
    <Notice tone="warn" title={t.mapping.differs(size)}>
      <p>{decimal.isNegative(c.difference) ? t.mapping.less(size) : t.mapping.more(size)}</p>
      {c.reasons.map((r) => <p key={r}>{why[r]}</p>)}
    </Notice>
  );
}
