import { useState } from 'preact/hooks';
import type { Budget, BudgetBody, Filter } from '../api/types.ts';
import * as decimal from '../format/decimal.ts';
import { digits, money } from '../format/money.ts';
import { sentence, useApp, type App } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Badge, Button, Dialog, Empty, Failed, Loading, Notice, SelectField, TextField, type BadgeTone } from '../ui/basics.tsx';
import { PageHead } from '../ui/pages.tsx';
import { Age } from '../dashboard/frame.tsx';
import { Money } from '../ui/values.tsx';

export function Budgets() {
  const { t, client, admin } = useApp();
  const answer = useQuery('budgets', (signal) => client.budgets(signal), 60_000);
  const [edited, setEdited] = useState<Budget | 'new' | null>(null);
  const [removed, setRemoved] = useState<Budget | null>(null);
  const add = admin && <Button tone="primary" icon="plus" onClick={() => setEdited('new')}>{t.budgets.add}</Button>;
  return (
    <>
      <PageHead title={t.budgets.title} about={t.budgets.about}>{answer.data && answer.data.length > 0 && add}</PageHead>
      {answer.error !== undefined && <Failed error={answer.error} again={answer.again} />}
      {!answer.data ? !answer.error && <Loading /> : answer.data.length === 0 ? <Empty action={add}>{t.budgets.none}</Empty> : (
        <ul class="cards">{answer.data.map((b) => <Item key={b.id} b={b} edit={() => setEdited(b)} remove={() => setRemoved(b)} />)}</ul>
      )}
      {edited && <Form b={edited === 'new' ? undefined : edited} close={() => setEdited(null)} done={() => { setEdited(null); answer.again(); }} />}
      {removed && <Remove b={removed} close={() => setRemoved(null)} done={() => { setRemoved(null); answer.again(); }} />}
    </>
  );
}

// percentOf is the spent part in whole percents, rounded down, for thresholds and bars.
export function percentOf(spent: string, amount: string): number {
  return decimal.divideDown(decimal.write((decimal.parse(spent) ?? 0n) * 100n), amount) ?? 0;
}

function tone(b: Budget, percent: number): BadgeTone {
  if (percent >= 100) return 'bad';
  return b.thresholds.some((x) => x < 100 && percent >= x && x >= 75) ? 'warn' : 'info';
}

function Item({ b, edit, remove }: { b: Budget; edit: () => void; remove: () => void }) {
  const { t, lang, admin } = useApp();
  const spent = b.spent ?? '0';
  const percent = percentOf(spent, b.amount);
  const left = decimal.subtract(b.amount, spent);
  const percentText = b.percent === null ? '–' : digits(b.percent, lang) + (lang === 'ru' ? '\u00a0%' : '%');
  return (
    <li class="card budget">
      <div class="connection-top">
        <div><h2>{b.name}</h2><p class="mute">{scopeText(b.filter ?? null, t)}, {t.budgets.periodIn[b.period]}</p></div>
        {admin && <div class="row"><Button tone="quiet" icon="edit" label={`${t.common.edit}: ${b.name}`} onClick={edit} /><Button tone="quiet" icon="trash" label={`${t.common.delete}: ${b.name}`} onClick={remove} /></div>}
      </div>
      <p class="budget-sum"><Money amount={spent} currency={b.currency} detail="whole" class="big" /> <span class="mute">/ {money(b.amount, b.currency, lang, 'whole')}</span></p>
      <Bar b={b} percent={percent} label={t.budgets.bar(b.name, percentText)} />
      <p class="row spread">
        <Badge tone={tone(b, percent)}>{percentText}</Badge>
        <span class={decimal.isNegative(left) ? 'bad-text' : 'mute'}>{decimal.isNegative(left) ? t.budgets.over(money(decimal.subtract('0', left), b.currency, lang, 'whole')) : t.budgets.left(money(left, b.currency, lang, 'whole'))}</span>
      </p>
      {b.unpriced > 0 && <p class="warn-text">{t.panel.unpricedLines(b.unpriced)}</p>}
      {b.unconverted.length > 0 && <p class="warn-text">{t.currency.unconverted(b.unconverted.join(', '))}</p>}
      <Age data={b.data} />
    </li>
  );
}

// Bar shows the spent part with the thresholds as marks; an overspent budget fills it and the amount moves to the left.
function Bar({ b, percent, label }: { b: Budget; percent: number; label: string }) {
  const { t } = useApp();
  const whole = Math.max(100, percent, ...b.thresholds);
  return (
    <div class={`budget-bar ${tone(b, percent)}`} role="meter" aria-label={label} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={whole}>
      <span class="fill" style={{ width: `${Math.max(0, Math.min(100, (percent / whole) * 100))}%` }} />
      {b.thresholds.map((x) => <span key={x} class={percent >= x ? 'mark passed' : 'mark'} style={{ left: `${(x / whole) * 100}%` }} title={t.budgets.threshold(x)} />)}
    </div>
  );
}

const scopes = ['provider', 'connection', 'service', 'project', 'resource_type', 'region'];

// simple reads a filter that is one condition on one dimension; null for any other.
function simple(filter: Filter | null): { dimension: string; value: string } | null {
  if (!filter || filter.op !== 'equals' || !filter.dimension || !scopes.includes(filter.dimension)) return null;
  return { dimension: filter.dimension, value: filter.values?.[0] ?? '' };
}

function scopeText(filter: Filter | null, t: App['t']): string {
  const s = simple(filter);
  if (!filter) return t.budgets.scopeAll;
  return s ? `${t.dimensions[s.dimension]}: ${s.dimension === 'connection' ? '' : (t.resources.typeOne[s.value] ?? s.value)}`.replace(/: $/, '') : t.budgets.scopeBy;
}

function Form({ b, close, done }: { b: Budget | undefined; close: () => void; done: () => void }) {
  const { t, client, session, tell } = useApp();
  const held = b?.filter ?? null;
  const complex = held !== null && simple(held) === null;
  const [name, setName] = useState(b?.name ?? '');
  const [amount, setAmount] = useState(b?.amount ?? '');
  const [currency, setCurrency] = useState(b?.currency ?? session!.tenant.currency);
  const [period, setPeriod] = useState<Budget['period']>(b?.period ?? 'month');
  const [thresholds, setThresholds] = useState((b?.thresholds ?? [50, 80, 100]).join(', '));
  const [dimension, setDimension] = useState(simple(held)?.dimension ?? '');
  const [value, setValue] = useState(simple(held)?.value ?? '');
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const values = useQuery(dimension, (signal) => client.values(dimension, '', signal));
  const submit = (e: Event) => {
    e.preventDefault();
    const plain = amount.replace(/\s/g, '').replace(',', '.');
    const levels = thresholds.split(',').map((x) => x.trim()).filter(Boolean);
    const bad: Record<string, string> = {};
    if (name.trim() === '') bad['name'] = t.connections.required;
    if (!/^\d{1,18}(\.\d{1,9})?$/.test(plain) || decimal.isZero(plain)) bad['amount'] = t.budgets.amountBad;
    if (!/^[A-Za-z]{3}$/.test(currency.trim())) bad['currency'] = t.budgets.currencyBad;
    if (levels.length === 0 || levels.some((x) => !/^\d{1,4}$/.test(x) || Number(x) < 1 || Number(x) > 1000)) bad['thresholds'] = t.budgets.thresholdsBad;
    if (dimension && value === '') bad['value'] = t.connections.required;
    setFaults(bad);
    if (Object.keys(bad).length > 0) return;
    const body: BudgetBody = {
      name: name.trim(), amount: plain, currency: currency.trim().toUpperCase(), period, metric: (b?.metric as BudgetBody['metric']) || 'billed_cost',
      thresholds: [...new Set(levels.map(Number))].sort((x, y) => x - y),
      filter: complex ? held : dimension ? { op: 'equals', dimension, values: [value] } : undefined,
    };
    setBusy(true);
    (b ? client.updateBudget(b.id, body) : client.createBudget(body)).then(
      () => { tell(t.common.saved); done(); },
      (error: unknown) => { setBusy(false); setProblem(sentence(error, t)); },
    );
  };
  return (
    <Dialog title={b ? t.budgets.editTitle(b.name) : t.budgets.add} onClose={close}>
      <form class="form" onSubmit={submit} noValidate>
        {problem && <Notice tone="bad">{problem}</Notice>}
        <TextField label={t.budgets.name} help={t.budgets.nameHelp} name="name" value={name} onInput={setName} error={faults['name']} focus />
        <div class="pair">
          <TextField label={t.budgets.amount} help={t.budgets.amountHelp} name="amount" inputMode="decimal" value={amount} onInput={setAmount} error={faults['amount']} />
          <TextField label={t.budgets.currency} help={t.budgets.currencyHelp} name="currency" value={currency} onInput={setCurrency} error={faults['currency']} />
        </div>
        <SelectField label={t.budgets.period} name="period" value={period} onInput={(p) => setPeriod(p as Budget['period'])} options={['month', 'week', 'day'].map((p) => ({ value: p, label: t.budgets.periods[p]! }))} />
        <TextField label={t.budgets.thresholds} help={t.budgets.thresholdsHelp} name="thresholds" value={thresholds} onInput={setThresholds} error={faults['thresholds']} />
        {complex ? <p class="help">{t.budgets.scopeComplex}</p> : (
          <>
            <SelectField label={t.budgets.scope} name="scope" value={dimension} onInput={(d) => { setDimension(d); setValue(''); }} options={[{ value: '', label: t.budgets.scopeAll }, ...scopes.map((d) => ({ value: d, label: t.dimensions[d]! }))]} />
            {dimension && (
              <SelectField
                label={t.budgets.scopeValue} name="value" value={value} onInput={setValue} error={faults['value']}
                options={[{ value: '', label: '–' }, ...(values.data ?? []).filter((k) => k.value !== '').map((k) => ({ value: k.value, label: t.resources.typeOne[k.value] ?? (k.label || k.value) }))]}
              />
            )}
          </>
        )}
        <div class="actions"><Button submit tone="primary" busy={busy}>{t.common.save}</Button><Button onClick={close}>{t.common.cancel}</Button></div>
      </form>
    </Dialog>
  );
}

function Remove({ b, close, done }: { b: Budget; close: () => void; done: () => void }) {
  const { t, client } = useApp();
  const [fault, setFault] = useState('');
  return (
    <Dialog title={t.budgets.removeTitle(b.name)} onClose={close}>
      <p>{t.budgets.removeAbout}</p>
      {fault && <Notice tone="bad">{fault}</Notice>}
      <div class="actions">
        <Button tone="danger" onClick={() => { client.deleteBudget(b.id).then(done, (e: unknown) => setFault(sentence(e, t))); }}>{t.common.delete}</Button>
        <Button onClick={close}>{t.common.cancel}</Button>
      </div>
    </Dialog>
  );
}
