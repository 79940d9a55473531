import { useMemo, useState } from 'preact/hooks';
import type { Connection, Fault, Panel, Scope } from '../api/types.ts';
import { Colours } from '../chart/palette.ts';
import { useForeign } from '../dashboard/conversion.tsx';
import { Body } from '../dashboard/dashboard.tsx';
import { stateTone } from '../dashboard/otherpanels.tsx';
import { count } from '../format/number.ts';
import { Link, usePlace } from '../router.tsx';
import { sentence, useApp } from '../state/app.tsx';
import { usePeriod } from '../state/period.tsx';
import { useQuery } from '../state/query.ts';
import { Badge, Button, Dialog, Failed, Loading, Notice, TextField } from '../ui/basics.tsx';
import { Icon } from '../ui/icons.tsx';
import { Card, PageHead } from '../ui/pages.tsx';
import { RangePicker } from '../ui/rangepicker.tsx';
import { When } from '../ui/values.tsx';
import { Progress, statusSentence } from './connections.tsx';
import { Snapshots } from './snapshots.tsx';
import { Uploads } from './uploads.tsx';

const costPanel = (title: string): Panel => ({
  id: 'connection-costs', title: { ru: title, en: title }, help: { ru: '', en: '' }, type: 'timeseries', grid: { x: 0, y: 0, w: 12, h: 8 }, draw: 'bars', previous_line: false,
  query: { kind: 'cost', metric: 'billed_cost', step: 'auto', group_by: ['service'], compare: '', metrics: [], top: 6 },
});

// ConnectionPage is one connection: how it stands, what stands in its way, what it has read, what it costs.
export function ConnectionPage({ id }: { id: string }) {
  const { client } = useApp();
  const [removing, setRemoving] = useState(false);
  const answer = useQuery(id, (signal) => client.connection(id, signal), removing ? 0 : 5000);
  if (!answer.data || answer.data.id !== id) return answer.error ? <Failed error={answer.error} again={answer.again} /> : <Loading />;
  return (
    <>
      <Shown c={answer.data} again={answer.again} remove={() => setRemoving(true)} />
      {removing && <Remove c={answer.data} close={() => setRemoving(false)} />}
    </>
  );
}

function Shown({ c, again, remove }: { c: Connection; again: () => void; remove: () => void }) {
  const { t, lang } = useApp();
  const s = c.status;
  return (
    <>
      <PageHead title={c.name} about={c.kind_title} back={<Link to="/connections" class="back"><Icon name="left" size={16} />{t.connections.title}</Link>}>
        <Actions c={c} again={again} remove={remove} />
      </PageHead>
      <div class="columns">
        <div class="stack">
          <Card class={`status ${s.state}`}>
            <p class="status-line"><Badge tone={stateTone(s.state)}>{t.states[s.state]}</Badge> <span>{statusSentence(c, t, lang)}</span></p>
            {s.running && <p class="mute"><span class="spinner small" aria-hidden="true" /> {t.connections.running}</p>}
            <Progress c={c} />
          </Card>
          {s.faults.length > 0 && <Card title={t.connections.faults}><Faults faults={s.faults} scopes={s.scopes} /></Card>}
          <Uploads c={c} />
          <ConnectionCosts id={c.id} />
          <Snapshots connection={c.id} />
          {s.scopes.length > 0 && <Card title={t.connections.scopes}><Scopes scopes={s.scopes} /></Card>}
        </div>
        <div class="stack side">
          <Card title={t.connections.settings}><Facts c={c} /></Card>
          {s.notes.length > 0 && (
            <Card title={t.connections.notes}>
              <p class="mute gap-below">{t.connections.notesAbout}</p>
              <ul class="lines">{s.notes.map((n, i) => <li key={i}>{n.text}{n.count > 1 && <span class="mute"> · {t.connections.times(n.count)}</span>}</li>)}</ul>
            </Card>
          )}
        </div>
      </div>
    </>
  );
}

function Actions({ c, again, remove }: { c: Connection; again: () => void; remove: () => void }) {
  const { t, client, tell, admin } = useApp();
  const place = usePlace();
  const [busy, setBusy] = useState(false);
  if (!admin) return null;
  const run = (work: Promise<unknown>, done: string) => {
    setBusy(true);
    work.then(() => tell(done), (e: unknown) => tell(sentence(e, t))).finally(() => { setBusy(false); again(); });
  };
  return (
    <>
      <Button tone="primary" icon="refresh" busy={busy} disabled={c.paused} onClick={() => run(client.sync(c.id), t.connections.syncStarted)}>{t.connections.sync}</Button>
      <Button icon="edit" onClick={() => place.go(`/connections/${c.id}/edit`)}>{t.connections.edit}</Button>
      <Button icon={c.paused ? 'play' : 'pause'} busy={busy} onClick={() => run(client.updateConnection(c.id, { version: c.version, paused: !c.paused }), t.common.saved)}>{c.paused ? t.connections.resume : t.connections.pause}</Button>
      <Button icon="trash" tone="danger" onClick={remove}>{t.connections.remove}</Button>
    </>
  );
}

function Remove({ c, close }: { c: Connection; close: () => void }) {
  const { t, client, tell } = useApp();
  const place = usePlace();
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const remove = (e: Event) => {
    e.preventDefault();
    if (typed.trim() !== c.name.trim()) return;
    setBusy(true);
    client.deleteConnection(c.id).then(
      () => { tell(t.connections.removed(c.name)); place.go('/connections'); },
      (error: unknown) => { setBusy(false); setFault(sentence(error, t)); },
    );
  };
  return (
    <Dialog title={t.connections.removeTitle(c.name)} onClose={close}>
      <form class="form" onSubmit={remove}>
        <p>{t.connections.removeAbout}</p>
        {fault && <Notice tone="bad">{fault}</Notice>}
        <TextField label={t.connections.removeType(c.name)} name="confirm" value={typed} onInput={setTyped} focus />
        <div class="actions">
          <Button submit tone="danger" busy={busy} disabled={typed.trim() !== c.name.trim()}>{t.common.delete}</Button>
          <Button onClick={close}>{t.common.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

// Faults lists what stands in the way, each with the sentence of what to do and whether it may pass by itself.
export function Faults({ faults, scopes }: { faults: Fault[]; scopes?: Scope[] }) {
  const { t } = useApp();
  const label = (f: Fault) => scopes?.find((s) => s.scope === f.scope)?.label ?? f.scope;
  return (
    <ul class="faults">
      {faults.map((f, i) => (
        <li key={i}>
          <Icon name="warn" />
          <div>
            {f.scope && <strong>{label(f)}</strong>}
            <p>{f.text}</p>
            <p class="mute">{f.retry ? t.connections.faultRetry : t.connections.faultAct}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}

export function Scopes({ scopes }: { scopes: Scope[] }) {
  const { t, lang } = useApp();
  return (
    <div class="scroll" tabIndex={0}>
      <table class="data">
        <thead><tr><th scope="col">{t.connections.scope}</th><th scope="col" class="num">{t.connections.found}</th><th scope="col">{t.connections.result}</th></tr></thead>
        <tbody>
          {scopes.map((s) => (
            <tr key={s.scope}>
              <td>{s.label || s.scope}</td>
              <td class="num">{count(s.found, lang)}</td>
              <td class="wrap">{s.skipped ? <span class="mute">{t.connections.scopeSkipped}</span> : s.fault ? <span class="bad-text">{s.fault.text}</span> : <span class="good-text">{t.connections.scopeOk}</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Facts({ c }: { c: Connection }) {
  const { t, client } = useApp();
  const providers = useQuery('providers', () => client.providers());
  const fields = providers.data?.find((p) => p.kind === c.kind)?.fields ?? [];
  const settings = fields.filter((f) => !f.mapping).filter((f) => f.secret ? c.secrets_set.includes(f.name) : (c.settings[f.name] ?? '') !== '');
  return (
    <dl class="facts">
      <dt>{t.connections.lastSuccess}</dt><dd><When at={c.status.last_success} never={t.connections.never} /></dd>
      <dt>{t.connections.lastAttempt}</dt><dd><When at={c.status.last_attempt} never={t.connections.never} /></dd>
      <dt>{t.connections.completeThrough}</dt><dd><When at={c.status.complete_through} never={t.panel.daysUnknown} /></dd>
      {settings.map((f) => [<dt key={f.name}>{f.label}</dt>, <dd key={f.name + '='} class="break">{f.secret ? <span class="mute">{t.connections.secretSet}</span> : (f.options?.find((o) => o.value === c.settings[f.name])?.label ?? c.settings[f.name])}</dd>])}
      <dt>{t.resources.title}</dt><dd><Link to={`/resources?connection=${c.id}`}>{t.connections.resources}</Link></dd>
    </dl>
  );
}

function ConnectionCosts({ id }: { id: string }) {
  const { t, zone } = useApp();
  const period = usePeriod('30d', '1m');
  const foreign = useForeign(period.currency);
  const [colours] = useState(() => new Colours());
  const panel = useMemo(() => costPanel(t.connections.costs), [t]);
  return (
    <>
      <div class="section-head"><RangePicker period={period} /></div>
      <div class="tall"><Body panel={panel} view={{ range: period.range, turn: period.turn, zone, currency: period.currency, foreign, chosen: { connection: id }, colours, zoom: (from, to) => period.setRange({ preset: '', from, to }) }} /></div>
    </>
  );
}
