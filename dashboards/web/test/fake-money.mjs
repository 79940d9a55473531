// The part of the stand-in API that is about money on accounts: for how long it lasts, and closing documents.
const hour = 3_600_000;
const iso = (at) => new Date(at).toISOString();

// money answers what is about money on accounts; undefined when the request is about something else.
export function money(w, is, url, body) {
  w.closings ??= [];
  const get = (name) => url.searchParams.get(name) ?? '';
  if (is('GET', '/reconciliation')) return { status: 200, body: { month: get('month') || '2026-10', rows: w.connections.map((c) => reconciliation(w, c, get('month') || '2026-10')) } };
  if (is('PUT', '/closing-documents')) {
    if (body.total === '13') return { status: 422, body: { status: 422, title: 'Unprocessable', detail: 'В запросе есть ошибки.', errors: [{ location: 'body.total', message: 'сумма не годится' }] } };
    w.closings = w.closings.filter((d) => d.connection_id !== body.connection_id || d.month !== body.month);
    w.closings.push({ vat_rate: null, prices_include_vat: null, ...body, issued_on: body.issued_on || null, updated_at: iso(w.now) });
    return { status: 200, body: w.closings.at(-1) };
  }
  if (is('DELETE', '/closing-documents')) {
    w.closings = w.closings.filter((d) => d.connection_id !== get('connection') || d.month !== get('month'));
    return { status: 204 };
  }
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

// reconciliation answers for a connection whose month cost 1000.25; the difference beyond VAT is unexplained.
function reconciliation(w, c, month) {
  const document = w.closings.find((d) => d.connection_id === c.id && d.month === month) ?? null;
  const row = {
    connection_id: c.id, connection_name: c.name, kind: c.kind, billing_account: '', state: 'no_document', currency: 'RUB', ours: '1000.25', estimated: '0.25', lines: 720, unpriced: 2,
    categories: [{ category: 'Credit', cost: '-10', lines: 1 }, { category: 'Usage', cost: '1010.25', lines: 719 }], document, difference: null, items: [], notes: ['Цена 2 строк неизвестна: их стоимость в сумму не входит.'],
  };
  if (!document) return row;
  const kopecks = (text) => BigInt(Math.round(Number(text) * 100));
  const write = (k) => (k < 0n ? '-' : '') + `${(k < 0n ? -k : k) / 100n}.${String((k < 0n ? -k : k) % 100n).padStart(2, '0')}`;
  const difference = kopecks(document.total) - 100025n;
  const vat = document.vat_rate ? kopecks(document.total) / 6n : 0n;
  const rest = difference - vat;
  const item = (kind, amount, text, assumed) => ({ kind, amount: write(amount), assumed, bound: null, text });
  row.items = [vat && item('vat', vat, 'НДС 20 %: в документе он есть, в ценах API его нет', true), rest && item('unexplained', rest, 'Не объяснено', false)].filter(Boolean);
  return { ...row, difference: write(difference), state: difference === 0n ? 'equal' : rest === 0n ? 'explained' : 'unexplained' };
}
