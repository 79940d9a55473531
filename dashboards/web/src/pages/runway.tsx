import { useState } from 'preact/hooks';
import type { Runway } from '../api/types.ts';
import { LeftBadge, whenEnds } from '../dashboard/runway.tsx';
import * as decimal from '../format/decimal.ts';
import { money } from '../format/money.ts';
import { known, moment } from '../format/time.ts';
import { dayInWords, hourInWords } from '../format/words.ts';
import { Link } from '../router.tsx';
import { useApp } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Empty, Failed, Loading } from '../ui/basics.tsx';
import { PageHead } from '../ui/pages.tsx';
import { Money } from '../ui/values.tsx';

export function RunwayPage() {
  const { t, client } = useApp();
  const [until, setUntil] = useState('');
  const answer = useQuery('runway ' + until, (signal) => client.runway(until, signal), 60_000);
  return (
    <>
      <PageHead title={t.runway.title} about={t.runway.about}><Link class="button" to="/reconciliation">{t.runway.reconcile}</Link></PageHead>
      <p class="until">
        <label for="until">{t.runway.until}</label>
        <input id="until" type="date" title={t.runway.untilHelp} value={until || (answer.data?.until ?? '')} onChange={(e) => setUntil(e.currentTarget.value)} />
      </p>
      {answer.error !== undefined && <Failed error={answer.error} again={answer.again} />}
      {!answer.data ? !answer.error && <Loading /> : answer.data.accounts.length === 0 ? <Empty>{t.runway.none}</Empty> : (
        <ul class="cards runways">{answer.data.accounts.map((r) => <Account key={r.connection_id} r={r} />)}</ul>
      )}
    </>
  );
}

function Account({ r }: { r: Runway }) {
  const { t, lang, zone } = useApp();
  const when = (at: string) => moment(Date.parse(at), lang, zone);
  return (
    <li class="card runway">
      <div class="connection-top"><h2><Link to={`/connections/${r.connection_id}`}>{r.connection_name}</Link></h2><LeftBadge r={r} /></div>
      <Ends r={r} />
      <dl class="facts">
        {r.left && (
          <>
            <dt title={t.runway.leftHelp}>{t.runway.left}</dt>
            <dd>
              <Money amount={r.left} currency={r.currency} />
              {r.balance && known(r.observed_at) && <div class="sub">{t.runway.toldAt(money(r.balance, r.currency, lang), when(r.observed_at))}{known(r.checked_at) && <>; {t.runway.checked(when(r.checked_at))}</>}</div>}
              {r.bonus && !decimal.isZero(r.bonus) && <div class="sub">{t.runway.bonus(money(r.bonus, r.currency, lang), r.bonus_pays)}</div>}
            </dd>
          </>
        )}
        {r.burn && <Burn r={r} />}
        <TopUp r={r} />
        {r.cloud && (
          <>
            <dt>{t.runway.cloud}</dt>
            <dd>{t.runway.cloudDays(r.cloud.days, dayInWords(Date.parse(r.cloud.ends_at), lang, zone))}<div class="sub">{r.cloud.difference}</div></dd>
          </>
        )}
      </dl>
      {r.at_most && <p class="warn-text">{t.runway.atMost(r.unpriced)}</p>}
      {r.foreign.length > 0 && <p class="warn-text">{t.runway.foreign(r.foreign.join(', '))}</p>}
      {r.rule && <p class="mute">{r.rule}{!r.rule_source && <> ({t.runway.ruleUnknown})</>}</p>}
    </li>
  );
}

// Ends says when the money runs out, how sure that is, and what follows.
function Ends({ r }: { r: Runway }) {
  const app = useApp();
  const { t, lang, zone } = app;
  const at = (x: string) => hourInWords(Date.parse(x), lang, zone);
  if (r.state !== 'runs' && r.state !== 'out') return null;
  return (
    <div class="runway-end">
      <p>{r.state === 'runs' && <span class="mute">{t.runway.ends} </span>}<strong>{whenEnds(r, app)}</strong></p>
      {r.state === 'runs' && known(r.ends_early) && r.ends_early !== r.ends_late && (
        <p class="sub">{known(r.ends_late) ? t.runway.between(at(r.ends_early), at(r.ends_late)) : t.runway.notBefore(at(r.ends_early))}</p>
      )}
      <p class="sub">
        {known(r.suspended_at) && t.runway.suspended(dayInWords(Date.parse(r.suspended_at), lang, zone))}
        {'; '}{known(r.deleted_at) ? t.runway.deleted(dayInWords(Date.parse(r.deleted_at), lang, zone)) : t.runway.deletedUnknown}
      </p>
    </div>
  );
}

function Burn({ r }: { r: Runway }) {
  const { t, lang } = useApp();
  const burn = r.burn!;
  const say = (amount: string) => money(amount, r.currency, lang);
  return (
    <>
      <dt>{t.runway.daily}</dt>
      <dd>
        <Money amount={burn.daily} currency={r.currency} /> <span class="mute">{t.runway.basis[burn.basis]}</span>
        {decimal.compare(burn.low, burn.high) !== 0 && <div class="sub">{t.runway.range(say(burn.low), say(burn.high))}</div>}
        {!decimal.isZero(burn.estimated) && <div class="sub">{t.runway.estimated(say(burn.estimated))}</div>}
      </dd>
    </>
  );
}

function TopUp({ r }: { r: Runway }) {
  const { t, lang } = useApp();
  if (!r.burn) return null;
  const none = decimal.isZero(r.top_up);
  return (
    <>
      <dt>{t.runway.topUp}</dt>
      <dd>
        {none ? <span>{t.runway.enough}</span> : <Money amount={r.top_up} currency={r.currency} detail="whole" class="top-up" />}
        {decimal.compare(r.top_up_high, r.top_up) > 0 && <div class="sub">{t.runway.topUpHigh(money(r.top_up_high, r.currency, lang, 'whole'))}</div>}
      </dd>
    </>
  );
}
