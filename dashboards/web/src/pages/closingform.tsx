import { useState } from 'preact/hooks';
import type { ClosingBody, Reconciliation } from '../api/types.ts';
import { money } from '../format/money.ts';
import { sentence, useApp } from '../state/app.tsx';
import { Button, Dialog, FileField, Notice, SelectField, TextField } from '../ui/basics.tsx';
import { monthWords } from './reconciliation.tsx';

const plainOf = (typed: string): string => typed.replace(/\s/g, '').replace(',', '.');

// ClosingForm writes down what a month's closing document says.
export function ClosingForm({ row, month, close, done }: { row: Reconciliation; month: string; close: () => void; done: () => void }) {
  const { t, lang, client, tell, session } = useApp();
  const held = row.document;
  const [total, setTotal] = useState(held?.total ?? '');
  const [currency, setCurrency] = useState(held?.currency ?? row.currency ?? session!.tenant.currency);
  const [rate, setRate] = useState(held?.vat_rate ?? '');
  const [prices, setPrices] = useState(held?.prices_include_vat == null ? '' : held.prices_include_vat ? 'yes' : 'no');
  const [number, setNumber] = useState(held?.number ?? '');
  const [issued, setIssued] = useState(held?.issued_on ?? '');
  const [account, setAccount] = useState(row.billing_account);
  const [note, setNote] = useState(held?.note ?? '');
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const run = (work: Promise<unknown>) => {
    setBusy(true);
    work.then(() => { tell(t.common.saved); done(); }, (error: unknown) => { setBusy(false); setProblem(sentence(error, t)); });
  };
  const [read, setRead] = useState('');
  // take adds the document up, row by row, as an import would.
  const take = (file: File) => {
    setBusy(true);
    setRead('');
    client.preview('table', '', file).then(
      (p) => {
        const sum = p.totals[0];
        setBusy(false);
        if (p.fault !== null || p.questions.length > 0 || p.totals.length !== 1 || !sum) {
          setFaults({ file: [p.fault?.text, ...p.questions.map((q) => q.text), t.closing.fileBad].filter(Boolean).join(' ') });
          return;
        }
        setFaults({});
        setTotal(sum.cost);
        setCurrency(sum.currency);
        if (note === '') setNote(file.name);
        setRead(t.closing.fileRead(p.lines, money(sum.cost, sum.currency, lang)));
      },
      (error: unknown) => { setBusy(false); setFaults({ file: sentence(error, t) }); },
    );
  };
  const submit = (e: Event) => {
    e.preventDefault();
    const bad: Record<string, string> = {};
    if (!/^\d{1,18}(\.\d{1,9})?$/.test(plainOf(total))) bad['total'] = t.closing.totalBad;
    if (!/^[A-Za-z]{3}$/.test(currency.trim())) bad['currency'] = t.budgets.currencyBad;
    if (rate !== '' && !/^\d{1,2}(\.\d{1,4})?$/.test(plainOf(rate))) bad['rate'] = t.closing.rateBad;
    setFaults(bad);
    if (Object.keys(bad).length > 0) return;
    const body: ClosingBody = {
      connection_id: row.connection_id, billing_account: account.trim(), month, number: number.trim(), issued_on: issued, total: plainOf(total), currency: currency.trim().toUpperCase(), note: note.trim(),
      ...(rate !== '' && { vat_rate: plainOf(rate) }), ...(prices !== '' && { prices_include_vat: prices === 'yes' }),
    };
    run(client.putClosing(body));
  };
  return (
    <Dialog title={t.closing.editTitle(row.connection_name, monthWords(month, lang))} onClose={close}>
      <form class="form" onSubmit={submit} noValidate>
        {problem && <Notice tone="bad">{problem}</Notice>}
        <FileField label={t.closing.file} help={t.closing.fileHelp} name="closing-file" accept={['.csv', '.xlsx']} onChoose={take} error={faults['file']} disabled={busy} optional />
        {read && <Notice tone="good">{read}</Notice>}
        <div class="pair">
          <TextField label={t.closing.total} help={t.closing.totalHelp} name="total" inputMode="decimal" value={total} onInput={setTotal} error={faults['total']} focus />
          <TextField label={t.closing.currency} name="currency" value={currency} onInput={setCurrency} error={faults['currency']} />
        </div>
        <div class="pair">
          <TextField label={t.closing.rate} help={t.closing.rateHelp} name="rate" inputMode="decimal" value={rate} onInput={setRate} error={faults['rate']} optional />
          <SelectField label={t.closing.prices} help={t.closing.pricesHelp} name="prices" value={prices} onInput={setPrices} options={['', 'yes', 'no'].map((x) => ({ value: x, label: t.closing.pricesChoices[x]! }))} />
        </div>
        <div class="pair">
          <TextField label={t.closing.number} name="number" value={number} onInput={setNumber} optional />
          <div class="field">
            <label for="issued">{t.closing.date}<span class="mute"> · {t.common.optional}</span></label>
            <input id="issued" name="issued" type="date" value={issued} aria-describedby="issued-help" onChange={(e) => setIssued(e.currentTarget.value)} />
            <p class="help" id="issued-help">{t.closing.dateHelp}</p>
          </div>
        </div>
        {(!held || row.billing_account) && <TextField label={t.closing.accountField} help={t.closing.accountHelp} name="account" value={account} onInput={setAccount} optional />}
        <TextField label={t.closing.note} name="note" value={note} onInput={setNote} optional />
        <div class="actions">
          <Button submit tone="primary" busy={busy}>{t.common.save}</Button>
          <Button onClick={close}>{t.common.cancel}</Button>
          {held && <Button tone="danger" busy={busy} onClick={() => run(client.deleteClosing(row.connection_id, row.billing_account, month))}>{t.closing.remove}</Button>}
        </div>
      </form>
    </Dialog>
  );
}
