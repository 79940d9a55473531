// The part of the stand-in API that is about money on accounts: for how long it lasts.
const hour = 3_600_000;
const iso = (at) => new Date(at).toISOString();

// money answers what is about money on accounts; undefined when the request is about something else.
export function money(w, is, url) {
  if (is('GET', '/runway')) return { status: 200, body: { until: url.searchParams.get('until') ?? '2026-12-31', accounts: runways(w, url.searchParams.get('until')) } };
  return undefined;
}

const none = {
  kind: 'beget', currency: 'RUB', balance: null, bonus: null, bonus_pays: false, observed_at: null, checked_at: null, left: null, burn: null, ends_at: null, ends_early: null, ends_late: null,
  suspended_at: null, deleted_at: null, at_most: false, unpriced: 0, foreign: [], top_up: '0', top_up_high: '0', rule: '', rule_source: '', cloud: null,
};

function runways(w, until) {
  const start = Math.floor(w.now / hour) * hour;
  const [first, second, third] = w.connections;
  return [
    second && {
      ...none, connection_id: second.id, connection_name: second.name, state: 'runs', balance: '412.1', bonus: '0', left: '380.25', observed_at: iso(w.now - 5 * hour), checked_at: iso(w.now - 5 * 60_000),
      burn: { daily: '143.86', estimated: '12.5', low: '131.2', high: '160.01', basis: 'weeks' }, ends_at: iso(start + 63 * hour), ends_early: iso(start + 57 * hour), ends_late: iso(start + 69 * hour),
      suspended_at: iso(start + 63 * hour), at_most: true, unpriced: 3, top_up: until ? '99' : '5231', top_up_high: until ? '99' : '5847', rule: 'Когда деньги закончатся, Beget заблокирует аккаунт.',
      cloud: { days: 2, ends_at: iso(start + 48 * hour), daily_rate: '143.86', difference: 'Расходится меньше чем на сутки: облако считает целыми сутками, мы — по часам.' },
    },
    first && {
      ...none, connection_id: first.id, connection_name: first.name, state: 'long', balance: '1823456.5', bonus: '500', left: '1823456.5', observed_at: iso(w.now - hour), checked_at: iso(w.now - hour),
      burn: { daily: '1310.4', estimated: '0', low: '1310.4', high: '1310.4', basis: 'days' }, rule: 'Когда деньги закончатся, Beget заблокирует аккаунт.', rule_source: 'https://beget.com/',
    },
    third && { ...none, connection_id: third.id, connection_name: third.name, kind: 'focus', state: 'postpaid', currency: 'USD' },
  ].filter(Boolean);
}
