import { useEffect } from 'preact/hooks';
import * as decimal from '../format/decimal.ts';
import { money } from '../format/money.ts';
import { Link, usePlace } from '../router.tsx';
import { useApp } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { iso, resolve } from '../state/range.ts';
import { Icon } from '../ui/icons.tsx';

const changed = 'infrazen-unrecognised';

// unrecognisedChanged makes the navigation ask for the sum anew.
export function unrecognisedChanged(): void {
  dispatchEvent(new Event(changed));
}

// UnrecognisedNav leads to what nobody recognised, with its sum over 30 days when there is any.
export function UnrecognisedNav() {
  const { t, client, lang, zone } = useApp();
  const { path } = usePlace();
  const answer = useQuery('unrecognised-nav' + path, (signal) => {
    const month = resolve('30d', Date.now(), zone);
    return client.costs({ from: iso(month.from), to: iso(month.to), zone, filter: { op: 'equals', dimension: 'unrecognised', values: ['true'] } }, signal);
  }, 300_000);
  useEffect(() => {
    addEventListener(changed, answer.again);
    return () => removeEventListener(changed, answer.again);
  }, []);
  const some = (answer.data?.totals ?? []).filter((x) => !decimal.isZero(x.cost));
  const sum = some.map((x) => money(x.cost, x.currency, lang, 'whole')).join(', ');
  return (
    <li class={some.length > 0 ? '' : 'wide-only'}>
      <Link to="/unrecognised" current={path === '/unrecognised'} title={sum ? `${t.types.nav}: ${sum}` : t.types.nav}>
        <Icon name="warn" /><span>{t.types.nav}{sum && <small class="nav-sum">{sum}</small>}</span>
      </Link>
    </li>
  );
}
