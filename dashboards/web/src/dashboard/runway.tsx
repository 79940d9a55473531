import type { Runway } from '../api/types.ts';
import { money } from '../format/money.ts';
import { known } from '../format/time.ts';
import { hourInWords } from '../format/words.ts';
import { Link } from '../router.tsx';
import { useApp, type App } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Badge, Empty, type BadgeTone } from '../ui/basics.tsx';
import { Money } from '../ui/values.tsx';
import type { PanelProps } from './costpanels.tsx';
import { Frame } from './frame.tsx';
import { keyOf, type Table } from './view.ts';

const dayLength = 86_400_000;

// daysLeft is how many whole days are left, null when there is no end.
export function daysLeft(r: Runway, now = Date.now()): number | null {
  if (!known(r.ends_at)) return null;
  return Math.max(0, Math.floor((Date.parse(r.ends_at) - now) / dayLength));
}

export function runwayTone(days: number | null): BadgeTone {
  return days === null ? 'mute' : days < 4 ? 'bad' : days < 10 ? 'warn' : 'good';
}

// whenEnds says when the money runs out, or why there is no such day.
export function whenEnds(r: Runway, app: Pick<App, 't' | 'lang' | 'zone'>): string {
  if (r.state !== 'runs' || !known(r.ends_at)) return app.t.runway.states[r.state] ?? r.state;
  return hourInWords(Date.parse(r.ends_at), app.lang, app.zone);
}

// LeftBadge is the number of days left with a colour, or the reason why there is none.
export function LeftBadge({ r }: { r: Runway }) {
  const { t } = useApp();
  const days = daysLeft(r);
  if (r.state !== 'runs' || days === null) return <Badge tone={r.state === 'out' ? 'bad' : r.state === 'long' ? 'good' : 'mute'}>{t.runway.states[r.state] ?? r.state}</Badge>;
  return <Badge tone={runwayTone(days)}>{t.runway.badge(days)}</Badge>;
}

export function RunwayPanel({ panel, view }: PanelProps) {
  const app = useApp();
  const { client, t, lang } = app;
  const only = view.chosen['connection'];
  const answer = useQuery(keyOf([panel.id, only], view), (signal) => client.runway('', signal).then((a) => a.accounts.filter((r) => !only || r.connection_id === only)));
  const table = (rs: Runway[]): Table => ({
    head: [t.runway.account, t.runway.left, t.budgets.currency, t.runway.ends],
    numeric: [false, true, false, false],
    rows: rs.map((r) => ({ cells: [r.connection_name, r.left ? money(r.left, r.currency, lang) : '', r.currency, whenEnds(r, app)], raw: [r.connection_name, r.left ?? '', r.currency, r.ends_at ?? ''] })),
  });
  return (
    <Frame panel={panel} answer={answer} table={table}>
      {(list) => list.length === 0 ? <Empty>{t.panel.noBalances}</Empty> : (
        <div class="scroll" tabIndex={0}>
          <table class="data">
            <thead><tr><th scope="col">{t.runway.account}</th><th scope="col" class="num">{t.runway.left}</th><th scope="col">{t.panel.lasts}</th></tr></thead>
            <tbody>{list.map((r) => <Row key={r.connection_id} r={r} />)}</tbody>
          </table>
          <p class="more-link"><Link to="/runway">{t.runway.more}</Link></p>
        </div>
      )}
    </Frame>
  );
}

function Row({ r }: { r: Runway }) {
  const app = useApp();
  const { t, lang } = app;
  return (
    <tr>
      <td><Link to={`/connections/${r.connection_id}`}>{r.connection_name}</Link></td>
      <td class="num">
        {r.left ? <Money amount={r.left} currency={r.currency} /> : <span class="mute">{t.panel.daysUnknown}</span>}
        {r.burn && <div class="sub">{t.panel.perDay(money(r.burn.daily, r.currency, lang))}</div>}
      </td>
      <td><LeftBadge r={r} />{r.state === 'runs' && <div class="sub">{whenEnds(r, app)}</div>}</td>
    </tr>
  );
}
