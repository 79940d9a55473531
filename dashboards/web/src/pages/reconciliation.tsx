import { useState } from 'preact/hooks';
import type { Reconciliation } from '../api/types.ts';
import { csv, download } from '../dashboard/view.ts';
import * as decimal from '../format/decimal.ts';
import { digits, money } from '../format/money.ts';
import { day, month as monthName } from '../format/time.ts';
import { Link } from '../router.tsx';
import { useApp, type App } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Badge, Button, Empty, Failed, Loading, type BadgeTone } from '../ui/basics.tsx';
import { PageHead } from '../ui/pages.tsx';
import { Money } from '../ui/values.tsx';
import { ClosingForm } from './closingform.tsx';

const tones: Record<string, BadgeTone> = { no_document: 'mute', no_data: 'warn', equal: 'good', explained: 'info', unexplained: 'bad' };

// rowName is what a row is about: a connection, or one billing account of it.
export function rowName(r: Reconciliation, t: App['t']): string {
  return r.billing_account ? `${r.connection_name}, ${t.closing.billingAccount(r.billing_account)}` : r.connection_name;
}

// monthWords is "октябрь 2026".
export function monthWords(month: string, lang: App['lang']): string {
  return monthName(Date.parse(month + '-15T00:00:00Z'), lang, 'UTC');
}

export function ReconciliationPage() {
  const { t, client, lang } = useApp();
  const [month, setMonth] = useState('');
  const [edited, setEdited] = useState<Reconciliation | null>(null);
  const answer = useQuery('reconciliation ' + month, (signal) => client.reconciliation(month, signal), 60_000);
  const shown = month || (answer.data?.month ?? '');
  return (
    <>
      <PageHead title={t.closing.title} about={t.closing.about}>
        {answer.data && answer.data.rows.length > 0 && <Button icon="download" onClick={() => download(`infrazen-reconciliation-${shown}.csv`, table(answer.data!.rows, t))}>{t.closing.csv}</Button>}
        <Link class="button" to="/runway">{t.closing.money}</Link>
      </PageHead>
      <p class="until">
        <label for="month">{t.closing.month}</label>
        <input id="month" type="month" value={shown} onChange={(e) => setMonth(e.currentTarget.value)} />
        {shown && <span class="mute">{monthWords(shown, lang)}</span>}
      </p>
      {answer.error !== undefined && <Failed error={answer.error} again={answer.again} />}
      {!answer.data ? !answer.error && <Loading /> : answer.data.rows.length === 0 ? <Empty>{t.closing.none}</Empty> : (
        <div class="card scroll reconciliation" tabIndex={0}>
          <table class="data">
            <thead>
              <tr>
                <th scope="col">{t.closing.account}</th><th scope="col" class="num">{t.closing.ours}</th><th scope="col" class="num">{t.closing.document}</th>
                <th scope="col" class="num">{t.closing.difference}</th><th scope="col">{t.closing.state}</th>
              </tr>
            </thead>
            {answer.data.rows.map((r) => <Row key={r.connection_id + '/' + r.billing_account} r={r} edit={() => setEdited(r)} />)}
          </table>
        </div>
      )}
      {edited && <ClosingForm row={edited} month={shown} close={() => setEdited(null)} done={() => { setEdited(null); answer.again(); }} />}
    </>
  );
}

function Row({ r, edit }: { r: Reconciliation; edit: () => void }) {
  const { t, lang, admin } = useApp();
  const open = r.items.length > 0 || r.notes.length > 0;
  return (
    <tbody data-row={r.connection_id}>
      <tr>
        <td class="name wrap"><Link to={`/connections/${r.connection_id}`}>{r.connection_name}</Link>{r.billing_account && <div class="sub">{t.closing.billingAccount(r.billing_account)}</div>}</td>
        <td class="num"><Money amount={r.ours} currency={r.currency} /><Parts r={r} /></td>
        <td class="num">
          {r.document && <><Money amount={r.document.total} currency={r.document.currency} /><DocumentFacts d={r.document} /></>}
          {admin && <div><Button small icon={r.document ? 'edit' : 'plus'} onClick={edit}>{r.document ? t.common.edit : t.closing.enter}</Button></div>}
          {!r.document && !admin && <span class="mute">{t.closing.states['no_document']}</span>}
        </td>
        <td class="num">{r.difference === null ? <span class="mute">–</span> : <Money amount={r.difference} currency={r.currency} />}</td>
        <td><Badge tone={tones[r.state] ?? 'mute'}>{t.closing.states[r.state] ?? r.state}</Badge></td>
      </tr>
      {open && (
        <tr class="items-row">
          <td colSpan={5}>
            {r.items.length > 0 && <Items r={r} />}
            {r.notes.length > 0 && <ul class="lines notes">{r.notes.map((x) => <li key={x} lang={lang}>{x}</li>)}</ul>}
          </td>
        </tr>
      )}
    </tbody>
  );
}

// Parts tells what our sum is made of when that is more than one category.
function Parts({ r }: { r: Reconciliation }) {
  const { t, lang } = useApp();
  const say = (amount: string) => money(amount, r.currency, lang);
  return (
    <>
      {r.categories.length > 1 && r.categories.map((c) => <div class="sub" key={c.category}>{t.closing.categories[c.category] ?? c.category} {say(c.cost)}</div>)}
      {!decimal.isZero(r.estimated) && <div class="sub">{t.closing.estimated(say(r.estimated))}</div>}
    </>
  );
}

function DocumentFacts({ d }: { d: NonNullable<Reconciliation['document']> }) {
  const { t, lang } = useApp();
  const issued = d.issued_on ? day(Date.parse(d.issued_on + 'T00:00:00Z'), lang, 'UTC') : '';
  return (
    <>
      {(d.number || issued) && <div class="sub">{t.closing.named(d.number, issued)}</div>}
      <div class="sub">{d.vat_rate === null ? t.closing.noVat : t.closing.vat(digits(d.vat_rate, lang))}</div>
      {d.note && <div class="sub">{d.note}</div>}
    </>
  );
}

function Items({ r }: { r: Reconciliation }) {
  const { t } = useApp();
  return (
    <table class="items" aria-label={t.closing.items(rowName(r, t))}>
      <tbody>
        {r.items.map((i) => (
          <tr key={i.kind} class={i.kind === 'unexplained' ? 'bad-text' : ''}>
            <td>{i.text}{i.assumed && <> <Badge tone="mute" title={t.closing.assumedHelp}>{t.closing.assumed}</Badge></>}</td>
            <td class="num"><Money amount={i.amount} currency={r.currency} /></td>
          </tr>
        ))}
        <tr class="sum"><td>{t.closing.sum}</td><td class="num"><Money amount={r.difference ?? '0'} currency={r.currency} /></td></tr>
      </tbody>
    </table>
  );
}

// table writes the rows and their items as CSV, with all digits.
function table(rows: Reconciliation[], t: App['t']): string {
  const lines = rows.flatMap((r) => {
    const head = [rowName(r, t), r.currency, r.ours, r.document?.total ?? '', r.difference ?? '', t.closing.states[r.state] ?? r.state];
    return [head, ...r.items.map((i) => [`${rowName(r, t)}: ${i.text}`, r.currency, '', '', i.amount, i.assumed ? t.closing.assumed : ''])];
  });
  return csv({
    head: [t.closing.account, t.closing.currency, t.closing.ours, t.closing.document, t.closing.difference, t.closing.state],
    numeric: [false, false, true, true, true, false], rows: lines.map((raw) => ({ cells: raw, raw })),
  });
}
