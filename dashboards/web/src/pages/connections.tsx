import type { Connection } from '../api/types.ts';
import { stateTone } from '../dashboard/otherpanels.tsx';
import { count } from '../format/number.ts';
import { ago, known } from '../format/time.ts';
import { Link } from '../router.tsx';
import { useApp, type App } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Badge, Empty, Failed, Loading, Meter } from '../ui/basics.tsx';
import { Icon } from '../ui/icons.tsx';
import { PageHead } from '../ui/pages.tsx';

// statusSentence says how a connection stands.
export function statusSentence(c: Connection, t: App['t'], lang: App['lang']): string {
  const s = c.status;
  const last = known(s.last_success) ? ago(Date.parse(s.last_success), lang) : t.connections.never;
  switch (s.state) {
    case 'new':
      return t.connections.sentence.new;
    case 'syncing':
      return t.connections.sentence.syncing(count(s.windows_done, lang), count(s.windows_total, lang));
    case 'ok':
      return t.connections.sentence.ok(last);
    case 'partial':
      return t.connections.sentence.partial(Math.max(1, s.faults.length));
    case 'failing':
      return t.connections.sentence.failing(last);
    case 'paused':
      return t.connections.sentence.paused;
  }
}

export function Progress({ c }: { c: Connection }) {
  const { t } = useApp();
  const { windows_done: done, windows_total: total, state } = c.status;
  if (total === 0 || done >= total || state === 'paused') return null;
  return <Meter percent={(done / total) * 100} label={`${t.connections.progress}: ${c.name}`} />;
}

// Connections lists all connections; it looks again every few seconds, so that a backfill is seen to move.
export function Connections() {
  const { t, lang, client, admin } = useApp();
  const answer = useQuery('connections', (signal) => client.connections(signal), 5000);
  const add = admin && <Link to="/connections/new" class="button primary"><Icon name="plus" size={18} />{t.connections.add}</Link>;
  return (
    <>
      <PageHead title={t.connections.title} about={t.connections.about}>{answer.data && answer.data.length > 0 && add}</PageHead>
      {answer.error !== undefined && <Failed error={answer.error} again={answer.again} />}
      {!answer.data ? !answer.error && <Loading /> : answer.data.length === 0 ? <Empty action={add}>{t.connections.none}</Empty> : (
        <ul class="cards">
          {answer.data.map((c) => (
            <li key={c.id} class={`card connection ${c.status.state}`}>
              <div class="connection-top">
                <div>
                  <h2><Link to={`/connections/${c.id}`}>{c.name}</Link></h2>
                  <p class="mute">{c.kind_title}</p>
                </div>
                <Badge tone={stateTone(c.status.state)}>{t.states[c.status.state]}</Badge>
              </div>
              <p>{statusSentence(c, t, lang)}</p>
              <Progress c={c} />
              {c.status.faults.slice(0, 1).map((f) => <p class="fault-line" key={f.scope}><Icon name="warn" size={16} /> {f.text}</p>)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
