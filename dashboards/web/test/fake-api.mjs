// A small stand-in for the API, for working on the app and for its browser tests without the product: an account with
// two clouds, 90 days of hourly cost, load, balances and budgets, all in memory. Money is whole micro-units in BigInt.
// Run it by hand as `node dashboards/web/test/fake-api.mjs` after a build; it prints its address.
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { money } from './fake-money.mjs';

import { aboutTypes, conditionOf } from './fake-types.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const hour = 3_600_000;
const day = 24 * hour;
const tenant = { id: '00000000-0000-4000-8000-0000000000aa', name: 'ООО «Ромашка»', zone: 'Europe/Moscow', currency: 'RUB' };
const moscow = 3 * hour;

const decimal = (micro) => {
  const s = (micro < 0n ? -micro : micro).toString().padStart(7, '0');
  return (micro < 0n ? '-' : '') + (s.slice(0, -6) + '.' + s.slice(-6)).replace(/\.?0+$/, '');
};

// ids are fixed, so that addresses stay.
const id = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function makeWorld(now) {
  const epoch = Math.floor(now / hour) * hour - 100 * day;
  const state = (over) => ({
    state: 'ok', windows_done: 2160, windows_total: 2160, running: false, last_success: new Date(now - 5 * 60_000).toISOString(), last_attempt: new Date(now - 4 * 60_000).toISOString(),
    complete_through: new Date(Math.floor(now / hour) * hour).toISOString(), faults: [], notes: [], scopes: [], ...over,
  });
  const scopes = [
    { scope: 'vps', label: 'Виртуальные серверы', found: 7, skipped: false, fault: null },
    { scope: 'cloud', label: 'Облачные базы и хранилища', found: 3, skipped: false, fault: null },
    { scope: 'site', label: 'Сайты', found: 4, skipped: false, fault: null },
  ];
  const mysql = { code: 'forbidden', scope: 'mysql/getList', text: 'Раздел баз данных закрыт для API. Разрешите его в панели Beget: «Настройки», «Настройки API», «Управление MySQL».', retry: false };
  const connections = [
    { id: id(1), kind: 'beget', kind_title: 'Beget', name: 'Beget: прод', settings: { login: 'romashka' }, secrets_set: ['password'], paused: false, version: 3, status: state({ scopes }) },
    {
      id: id(2), kind: 'beget', kind_title: 'Beget', name: 'Beget: сайты клиентов', settings: { login: 'romashka2' }, secrets_set: ['password'], paused: false, version: 1,
      status: state({ state: 'partial', faults: [mysql], notes: [{ code: 'rounded', scope: 'vps', text: 'Облако сообщает цену с точностью до копейки; суммы за час округлены им.', count: 12 }], scopes: [...scopes, { scope: 'mysql/getList', label: 'Базы данных MySQL', found: 0, skipped: false, fault: mysql }] }),
    },
    { id: id(3), kind: 'focus', kind_title: 'Файлы FOCUS', name: 'AWS по выгрузке FOCUS', settings: { location: 's3', bucket: 'billing' }, secrets_set: ['secret_key'], paused: false, version: 1, status: state({ state: 'syncing', windows_done: 41, windows_total: 96, running: true }) },
  ];
  for (const c of connections) c.created_at = c.updated_at = new Date(now - 91 * day).toISOString();
  const make = (conn, n, type, name, service, microPerHour, more = {}) => ({
    conn, id: `${type}-${n}`, type, name, service, provider: conn === id(3) ? 'AWS' : 'Beget', currency: conn === id(3) ? 'USD' : 'RUB', rate: BigInt(microPerHour), from: epoch, to: Infinity, estimated: conn !== id(3),
    vcpu: 0, ram: 0, disk: 0, status: 'RUNNING', priced: true, region: conn === id(3) ? 'eu-central-1' : 'ru1', ...more,
  });
  const G = 1024 ** 3;
  const resources = [
    make(id(1), 1, 'server', 'web-1', 'Виртуальные серверы', 6_123_457, { vcpu: 4, ram: 8 * G, disk: 80 * G, load: 62 }),
    make(id(1), 2, 'server', 'web-2', 'Виртуальные серверы', 6_123_457, { vcpu: 4, ram: 8 * G, disk: 80 * G, load: 55 }),
    make(id(1), 3, 'server', 'db-master', 'Виртуальные серверы', 14_930_555, { vcpu: 8, ram: 32 * G, disk: 320 * G, load: 81 }),
    make(id(1), 4, 'server', 'ci-runner', 'Виртуальные серверы', 9_027_777, { vcpu: 8, ram: 16 * G, disk: 160 * G, load: 23, from: now - 20 * day }),
    make(id(1), 5, 'server', 'staging', 'Виртуальные серверы', 3_472_222, { vcpu: 2, ram: 4 * G, disk: 40 * G, load: 7, status: 'STOPPED' }),
    make(id(1), 6, 'database', 'orders-postgres', 'Облачные базы данных', 11_805_555, { vcpu: 4, ram: 16 * G, disk: 200 * G, load: 44 }),
    make(id(1), 7, 'bucket', 'romashka-media', 'Хранилище S3', 1_250_000),
    make(id(1), 8, 'floating_ip', '185.50.25.17', 'IP-адреса', 208_333),
    make(id(1), 9, 'license', 'ISPmanager Lite: web-1', 'Лицензии', 0, { priced: false }),
    make(id(1), 10, 'server', 'old-monitoring', 'Виртуальные серверы', 2_083_333, { vcpu: 1, ram: 2 * G, disk: 20 * G, load: 3, to: now - 12 * day }),
    make(id(2), 11, 'server', 'shop-ivanov', 'Виртуальные серверы', 2_777_777, { vcpu: 2, ram: 4 * G, disk: 40 * G, load: 31 }),
    make(id(2), 12, 'server', 'shop-petrov', 'Виртуальные серверы', 2_777_777, { vcpu: 2, ram: 4 * G, disk: 40 * G, load: 18 }),
    make(id(2), 13, 'site', 'magazin-ivanov.ru', 'Виртуальный хостинг', 416_666),
    make(id(2), 14, 'domain', 'magazin-ivanov.ru', 'Домены', 22_831),
    make(id(2), 15, 'mailbox', 'info@magazin-ivanov.ru', 'Почта', 0, { priced: false }),
    make(id(2), 16, 'mailbox', 'zakaz@magazin-ivanov.ru', 'Почта', 0, { priced: false }),
    make(id(3), 17, 'server', 'i-0a1b2c3d4e5f', 'Amazon EC2', 96_000, { vcpu: 2, ram: 8 * G, disk: 50 * G }),
    make(id(3), 18, 'bucket', 'analytics-raw', 'Amazon S3', 7_123),
  ];
  return { now, epoch, connections, resources, deleted: new Set(), budgets: firstBudgets(), chats: [], tokens: [], signedIn: new Set(), lang: 'ru', tokenUsed: new Set(), next: 100, name: 'Анна Смирнова', password: '' };
}

function firstBudgets() {
  return [
    { id: id(51), name: 'Всё в рублях', amount: '60000', currency: 'RUB', period: 'month', filter: null, metric: 'billed_cost', thresholds: [50, 80, 100] },
    { id: id(52), name: 'Виртуальные серверы', amount: '20000', currency: 'RUB', period: 'month', filter: { op: 'equals', dimension: 'service', values: ['Виртуальные серверы'] }, metric: 'billed_cost', thresholds: [80, 100] },
    { id: id(53), name: 'AWS', amount: '120', currency: 'USD', period: 'month', filter: { op: 'equals', dimension: 'provider', values: ['AWS'] }, metric: 'billed_cost', thresholds: [50, 80, 100] },
  ];
}

// cost is what a resource cost in the hours that begin in [from, to): busier in the working day.
function hourly(r, at) {
  const local = new Date(at + moscow);
  const weekend = local.getUTCDay() % 6 === 0;
  if (r.type === 'bucket') return (r.rate * BigInt(1000 + Math.floor((at - 1.7e12) / day))) / 1000n;
  if (r.name === 'ci-runner' && weekend) return 0n;
  return r.rate;
}

function sumOf(w, r, from, to) {
  let cost = 0n;
  let lines = 0;
  const until = Math.min(to, Math.floor(w.now / hour) * hour, r.to);
  for (let at = Math.ceil(Math.max(from, r.from, w.epoch) / hour) * hour; at < until; at += hour) {
    cost += hourly(r, at);
    lines++;
  }
  return { cost, lines };
}

function steps(from, to, step) {
  if (!step) return [from];
  const out = [];
  const startDay = (t) => Math.floor((t + moscow) / day) * day - moscow;
  let at = step === 'hour' ? Math.floor(from / hour) * hour : startDay(from);
  if (step === 'week') at -= ((new Date(at + moscow).getUTCDay() + 6) % 7) * day;
  const monthStart = (t, plus) => { const d = new Date(t + moscow); return Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + plus, 1) - moscow; };
  if (step === 'month') at = monthStart(from, 0);
  for (; at < to; at = step === 'hour' ? at + hour : step === 'day' ? at + day : step === 'week' ? at + 7 * day : monthStart(at, 1)) out.push(at);
  return out;
}

const keyOf = (w, r, d) => ({
  connection: { value: r.conn, label: w.connections.find((c) => c.id === r.conn)?.name ?? r.conn },
  provider: { value: r.provider, label: r.provider }, service: { value: r.service, label: r.service }, resource: { value: r.id, label: r.name },
  resource_type: { value: r.type, label: r.type }, region: { value: r.region, label: r.region }, project: { value: '', label: '' }, currency: { value: r.currency, label: r.currency },
})[d] ?? { value: '', label: '' };

function matches(w, r, f) {
  if (!f) return true;
  if (f.op === 'and') return f.args.every((a) => matches(w, r, a));
  if (f.op === 'or') return f.args.some((a) => matches(w, r, a));
  if (f.op === 'not') return !matches(w, r, f.args[0]);
  const v = keyOf(w, r, f.dimension).value;
  return f.op === 'contains' ? v.toLowerCase().includes(f.values[0].toLowerCase()) : f.values.includes(v);
}

// Roubles for one unit, on every day. What is not here has no rate.
const roubles = { RUB: 1n, USD: 80n, EUR: 90n };

// converted is an amount in the wanted currency and which currency that is; its own when there is no rate.
function converted(currency, wanted) {
  if (!wanted || wanted === currency || !roubles[currency] || !roubles[wanted]) return { currency, change: (v) => v };
  return { currency: wanted, change: (v) => (v * roubles[currency]) / roubles[wanted] };
}

function costs(w, q) {
  const from = Date.parse(q.from);
  const to = Date.parse(q.to);
  const starts = steps(from, to, q.step);
  const chosen = w.resources.filter((r) => w.connections.some((c) => c.id === r.conn) && matches(w, r, q.filter));
  const cells = chosen.map((r) => {
    const { currency, change } = converted(r.currency, q.currency);
    const sum = (a, b) => { const s = sumOf(w, r, a, b); return { cost: change(s.cost), lines: s.lines }; };
    const series = starts.map((s, i) => sum(Math.max(s, from), Math.min(starts[i + 1] ?? to, to)));
    const cost = series.reduce((a, s) => a + s.cost, 0n);
    const lines = series.reduce((a, s) => a + s.lines, 0);
    return { r, currency, cost, lines, series: series.map((s) => s.cost), previous: sum(from - (to - from), from) };
  }).filter((c) => c.lines > 0 || c.previous.lines > 0);
  const groups = new Map();
  for (const c of cells) {
    const keys = (q.group_by ?? []).map((d) => keyOf(w, c.r, d));
    const k = c.currency + JSON.stringify(keys.map((x) => x.value));
    groups.set(k, fold(groups.get(k) ?? blank(keys, c.currency, starts.length), c));
  }
  const totals = new Map();
  for (const c of cells) totals.set(c.currency, fold(totals.get(c.currency) ?? blank([], c.currency, starts.length), c));
  const sorted = [...groups.values()].sort((a, b) => (a.currency < b.currency ? -1 : a.currency > b.currency ? 1 : a.cost < b.cost ? 1 : a.cost > b.cost ? -1 : 0));
  const write = (g) => ({
    keys: g.keys, other: g.other ?? false, merged: g.merged ?? 0, currency: g.currency, cost: decimal(g.cost), estimated: decimal(g.estimated), unpriced: g.unpriced, lines: g.lines,
    previous: q.compare ? { cost: decimal(g.previous), estimated: '0', unpriced: 0, lines: 0 } : null, series: g.series.map(decimal),
  });
  return {
    steps: starts.map((s) => new Date(s).toISOString()), groups: (q.group_by ?? []).length > 0 ? topOf(sorted, q.top).map(write) : sorted.map(write),
    totals: [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)).map(write), data: dataState(w),
    unconverted: q.currency ? [...totals.keys()].filter((c) => c !== q.currency).sort() : [],
  };
}

const blank = (keys, currency, n) => ({ keys, currency, cost: 0n, estimated: 0n, unpriced: 0, lines: 0, previous: 0n, series: new Array(n).fill(0n) });

function fold(g, c) {
  g.cost += c.cost;
  if (c.r.estimated && c.r.type === 'bucket') g.estimated += c.cost;
  if (!c.r.priced) g.unpriced += c.lines;
  g.lines += c.lines;
  g.previous += c.previous.cost;
  g.series = g.series.map((v, i) => v + c.series[i]);
  return g;
}

function topOf(sorted, top) {
  if (!top) return sorted;
  const out = [];
  for (const currency of new Set(sorted.map((g) => g.currency))) {
    const own = sorted.filter((g) => g.currency === currency);
    out.push(...own.slice(0, top));
    const rest = own.slice(top);
    if (rest.length === 0) continue;
    const other = blank([], currency, rest[0].series.length);
    for (const g of rest) {
      for (const k of ['cost', 'estimated', 'previous', 'unpriced', 'lines']) other[k] += g[k];
      other.series = other.series.map((v, i) => v + g.series[i]);
    }
    out.push({ ...other, other: true, merged: rest.length });
  }
  return out;
}

function dataState(w) {
  const end = Math.floor(w.now / hour) * hour;
  return {
    collected_at: new Date(w.now - 5 * 60_000).toISOString(), complete_through: new Date(end - 2 * hour).toISOString(), complete: false, gap_count: 1,
    gaps: [{ connection_id: id(2), connection_name: 'Beget: сайты клиентов', feed: 'charges', from: new Date(end - 2 * hour).toISOString(), to: new Date(end).toISOString(), reason: 'облако не ответило вовремя; повторим сами' }],
  };
}

function usage(w, connection, resource, metrics, from, to, step) {
  const r = w.resources.find((x) => x.conn === connection && x.id === resource);
  if (!r?.load) return [];
  const kinds = { cpu_percent: (n) => r.load * (0.6 + 0.5 * n), memory_used_bytes: (n) => r.ram * (0.35 + (r.load / 250) + 0.08 * n), network_receive_bytes_per_second: (n) => r.load * 21_000 * (0.4 + n), network_transmit_bytes_per_second: (n) => r.load * 64_000 * (0.4 + n) };
  const width = Math.max(step || 300, 300);
  const times = [];
  for (let at = Math.ceil(from / 1000 / width) * width; at < Math.min(to, Math.min(w.now, r.to)) / 1000; at += width) if (at * 1000 >= r.from) times.push(at);
  return Object.entries(kinds).filter(([m]) => metrics.length === 0 || metrics.includes(m)).map(([metric, f]) => {
    const values = times.map((at) => f(wave(at, r.id)));
    return { metric, step: width, times, values, max: values.map((v) => v * 1.12) };
  });
}

function wave(at, seed) {
  const phase = ((at + 3 * 3600) % 86_400) / 86_400;
  const noise = Math.sin(at / 977 + seed.length * 7 + seed.charCodeAt(seed.length - 1)) * 0.5 + Math.sin(at / 3313 + seed.charCodeAt(seed.length - 1)) * 0.5;
  return Math.max(0, 0.5 - 0.45 * Math.cos(2 * Math.PI * phase) + noise * 0.12);
}

function resourceView(w, r) {
  const gone = r.to < Infinity;
  const seen = new Date(Math.max(r.from, w.epoch)).toISOString();
  return {
    connection_id: r.conn, connection_name: w.connections.find((c) => c.id === r.conn)?.name ?? '', id: r.id, type: r.type, name: r.name, status: r.status, scope: r.type, parent_id: r.type === 'license' ? 'server-1' : '',
    project_id: '', project_name: '', region_id: r.region, region_name: r.conn === id(3) ? 'Франкфурт' : 'Россия, Санкт-Петербург', zone_id: '', vcpu: r.vcpu, memory_bytes: r.ram, disk_bytes: r.disk,
    tags: r.load ? { env: r.name.includes('staging') ? 'stage' : 'prod', team: 'platform' } : {}, attributes: { ...(r.load ? { ip: '185.50.25.' + r.id.length, os: 'Debian 12' } : {}), ...(conditionOf(r) ? { condition: conditionOf(r) } : {}) }, volatile: r.load ? { uptime: '41 день' } : {},
    created_at: seen, rates: r.conn === id(3) ? [] : [{ component: '', service_name: r.service, sku_id: 'sku', amount: r.priced ? decimal(r.rate) : null, currency: 'RUB', period: 'hour', cost_status: 'billed' }],
    events: [], change: gone ? 'deleted' : 'unchanged', changes: [], seen_at: seen, deleted_at: gone ? new Date(r.to).toISOString() : null,
  };
}

function history(w, r) {
  const now = resourceView(w, r);
  const at = (d) => new Date(w.now - d * day).toISOString();
  const out = [{ ...now, change: 'created', changes: [], seen_at: new Date(r.from).toISOString(), deleted_at: null }];
  if (r.load) {
    out.unshift({ ...now, change: 'updated', seen_at: at(15), changes: [{ field: 'vcpu', old: '2', new: String(r.vcpu) }, { field: 'memory_bytes', old: String(r.ram / 2), new: String(r.ram) }, { field: 'rate.', old: '3.472222 RUB/hour vps billed', new: '6.123457 RUB/hour vps billed' }] });
    out.unshift({ ...now, change: 'updated', seen_at: at(3), changes: [{ field: 'tag.team', old: '', new: 'platform' }, { field: 'status', old: 'STOPPED', new: 'RUNNING' }] });
  }
  if (now.deleted_at) out.unshift({ ...now, change: 'deleted', seen_at: now.deleted_at });
  return out;
}

function budgetView(w, b) {
  const local = new Date(w.now + moscow);
  const from = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), 1) - moscow;
  const to = Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 1) - moscow;
  const a = costs(w, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), step: '', filter: b.filter, group_by: [], currency: b.currency });
  const total = a.totals.find((t) => t.currency === b.currency);
  const spent = total?.cost ?? '0';
  return { ...b, spent, percent: ((Number(spent) / Number(b.amount)) * 100).toFixed(2), unpriced: 0, unconverted: a.unconverted, from: new Date(from).toISOString(), to: new Date(to).toISOString(), data: { ...a.data, complete: true, gaps: [], gap_count: 0 } };
}

const providers = (lang) => {
  const say = (ru, en) => (lang === 'en' ? en : ru);
  const field = (name, label, help, more = {}) => ({ name, label, help, secret: false, required: false, default: '', options: [], advanced: false, multiline: false, mapping: false, ...more });
  const all = [
    {
      kind: 'beget', title: 'Beget', about: say('Виртуальные серверы, базы, хранилища и хостинг Beget.', 'Servers, databases, storage and hosting of Beget.'), fields: [
        field('login', say('Логин', 'Login'), say('Тот же, что для входа в панель управления.', 'The one of the control panel.'), { required: true }),
        field('password', say('Пароль', 'Password'), '', { required: true, secret: true }),
        field('api_password', say('Пароль для API', 'API password'), say('Если задан отдельный пароль в разделе «Настройки API».', 'If a separate one is set.'), { secret: true }),
        field('base_url', say('Адрес API', 'API address'), say('Меняется только для проверки на стенде.', 'Changed for test stands only.'), { advanced: true, default: 'https://api.beget.com' }),
      ],
    },
    {
      kind: 'focus', title: say('Файлы FOCUS', 'FOCUS files'), about: say('Выгрузки расходов по стандарту FOCUS: AWS, Azure, Google Cloud и другие.', 'Cost exports in the FOCUS format.'), fields: [
        field('location', say('Где лежат файлы', 'Where the files are'), '', { required: true, default: 's3', options: [{ value: 's3', label: say('Хранилище S3', 'S3 bucket') }, { value: 'folder', label: say('Папка на сервере', 'Folder') }] }),
        field('bucket', say('Бакет', 'Bucket'), ''),
        field('secret_key', say('Секретный ключ', 'Secret key'), '', { secret: true }),
      ],
    },
    {
      kind: 'table', title: say('Любой CSV или XLSX', 'Any CSV or XLSX'), about: say('Отчёт о расходах любого облака.', 'A cost report of any cloud.'), previews: true,
      uploads: { title: say('Отчёт о расходах', 'Cost report'), help: '', extensions: ['.csv', '.xlsx'], max_bytes: 64 << 20 },
      fields: [field('mapping', say('Разметка столбцов', 'Column mapping'), '', { required: true, multiline: true, mapping: true })],
    },
  ];
  return all.map((p) => ({ uploads: null, previews: false, ...p }));
};

// preview reads a file of dates, services and roubles parted by semicolons, in the way of the product.
function preview(fields, text) {
  const [head, ...rows] = text.trim().split('\n').map((l) => l.split(';'));
  const folded = { дата: 'start', услуга: 'service', 'сумма, руб.': 'cost', проект: 'project_id' };
  const guessed = !fields.mapping;
  const m = guessed ? { version: 1, period: 'day', zone: 'Europe/Moscow', decimal: ',', currency: 'RUB', columns: Object.fromEntries(head.flatMap((h) => (folded[h.toLowerCase()] ? [[folded[h.toLowerCase()], h]] : []))), leave_out: [{ column: head[0], prefix: 'Итого' }] } : JSON.parse(fields.mapping);
  const at = (role) => head.indexOf(m.columns[role]);
  const micro = (s) => BigInt(Math.round(Number((s ?? '').replace(/\s/g, '').replace(',', '.')) * 1e6));
  const out = (r) => (m.leave_out ?? []).some((rule) => r[head.indexOf(rule.column)]?.startsWith(rule.prefix));
  const bad = rows.map((r, i) => [r, i + 2]).filter(([r]) => !out(r) && !/^\d\d\.\d\d\.\d{4}$/.test(r[at('start')] ?? ''));
  const good = rows.filter((r) => !out(r));
  const fault = at('cost') < 0 ? 'Не указано, в каком столбце стоимость.' : bad.length > 0 ? `Файл не загружен: строка ${bad[0][1]}, столбец «${head[0]}».` : '';
  const total = (list) => [{ currency: 'RUB', cost: decimal(list.reduce((s, r) => s + micro(r[at('cost')]), 0n)) }];
  const days = good.map((r) => (r[at('start')] ?? '').split('.').reverse().join('-')).sort();
  const roles = Object.entries({ start: 'Дата или начало периода', cost: 'Стоимость', service: 'Сервис', project_id: 'Идентификатор проекта', tag: 'Тег' }).map(([value, label]) => ({ value, label }));
  return {
    mapping: JSON.stringify(m), guessed, roles, sheets: [], questions: [], problems: [], notes: [], read: rows.length, unpriced: 0,
    columns: head.map((name) => ({ name, role: Object.entries(m.columns).find(([, c]) => c === name)?.[0] ?? '', key: '' })),
    rows: rows.slice(0, 20).map((cells, i) => ({ number: i + 2, cells })), fault: fault ? { code: 'malformed', scope: '', text: fault, retry: false } : null,
    lines: fault ? 0 : good.length, totals: fault ? [] : total(good), first: fault ? null : new Date(days[0] + 'T00:00:00+03:00').toISOString(), last: fault ? null : new Date(Date.parse(days.at(-1) + 'T00:00:00+03:00') + day).toISOString(),
    left_out: good.length < rows.length && !fault ? [{ reason: 'столбец начинается с «Итого»', rows: rows.length - good.length, totals: total(rows.filter(out)) }] : [],
  };
}

// readForm takes the fields and the file out of a multipart body.
function readForm(type, text) {
  const parts = text.split('--' + /boundary=(.*)$/.exec(type)[1]).slice(1, -1);
  const form = { fields: {} };
  for (const part of parts) {
    const [, headers, content] = /^\r\n([\s\S]*?)\r\n\r\n([\s\S]*)\r\n$/.exec(part);
    const name = / name="([^"]*)"/.exec(headers)[1];
    const file = / filename="([^"]*)"/.exec(headers)?.[1];
    if (file) Object.assign(form, { name: file, content });
    else form.fields[name] = content;
  }
  return form;
}

function files(w, req, c, url, body) {
  c.uploads ??= [];
  if (req.method === 'GET') return { status: 200, body: { uploads: c.uploads } };
  if (req.method === 'DELETE') { c.uploads = c.uploads.filter((u) => u.name !== url.searchParams.get('name')); return { status: 204 }; }
  const u = { name: body.name, size: body.content.length, version: 'v' + w.next++, uploaded_at: new Date(w.now).toISOString(), state: 'waiting', fault: null };
  c.uploads = [...c.uploads.filter((x) => x.name !== u.name), u];
  return { status: 201, body: u };
}

function probe(lang, settings) {
  if (settings.password === 'right-password') return { ok: true, faults: [], scopes: [{ scope: 'vps', label: 'Виртуальные серверы', found: 2, skipped: false, fault: null }] };
  const text = lang === 'en' ? 'Beget does not accept this login and password. Check both in the control panel.' : 'Beget не принимает этот логин и пароль. Проверьте их в панели управления Beget.';
  return { ok: false, faults: [{ code: 'credentials', scope: '', text, retry: false }], scopes: [] };
}

function dashboardFile(w) {
  return w.dashboards;
}

const notFound = { status: 404, body: { title: 'Not found', status: 404, detail: 'Такой записи нет.', errors: [] } };
const problem = (status, detail, errors = []) => ({ status, body: { title: 'Problem', status, detail, errors } });

function answer(w, req, url, body, lang) {
  const p = url.pathname.replace('/api/v1', '');
  const get = (k) => url.searchParams.get(k) ?? '';
  const is = (method, pattern) => (req.method === method ? new RegExp(`^${pattern}$`).exec(p) : null);
  const me = () => ({ user: { id: id(9), email: 'anna@romashka.ru', name: w.name, lang: w.lang }, tenant, role: 'admin', tenants: [{ id: tenant.id, name: tenant.name, role: 'admin' }] });
  if (is('POST', '/session/link')) {
    if (!body.token?.startsWith('good') || w.tokenUsed.has(body.token)) return problem(401, 'Ссылка не действует.');
    w.tokenUsed.add(body.token);
    return { status: 200, body: me(), cookie: true };
  }
  if (is('POST', '/session')) return body.password === 'correct horse battery' ? { status: 200, body: me(), cookie: true } : problem(401, 'Почта или пароль не подходят.');
  const session = /infrazen_session=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
  if (!w.signedIn.has(session)) return problem(401, 'Войдите.');
  if (is('GET', '/session')) return { status: 200, body: me() };
  if (is('DELETE', '/session')) { w.signedIn.delete(session); return { status: 204 }; }
  if (is('PUT', '/session/password')) return { status: 204 };
  if (is('PATCH', '/session/user')) { w.lang = body.lang ?? w.lang; w.name = body.name ?? w.name; return { status: 200, body: me() }; }
  const odd = aboutTypes(w, is, url, body);
  if (odd) return odd;
  if (is('GET', '/providers')) return { status: 200, body: providers(lang) };
  if (is('POST', '/uploads/preview')) return { status: 200, body: preview(body.fields, body.content) };
  if (is('GET', '/connections')) return { status: 200, body: { connections: w.connections.map((c) => ({ ...c })) } };
  if (is('POST', '/connections/test')) return { status: 200, body: probe(lang, body.settings) };
  if (is('POST', '/connections')) return { status: 201, body: create(w, body, lang) };
  let m = is('(?:GET|PATCH|DELETE|POST)', '/x') ?? /^\/connections\/([^/]+)(\/\w+)?$/.exec(p);
  if (m) return connection(w, req, m, body, lang, url);
  if (is('GET', '/resources')) return { status: 200, body: resourcePage(w, url) };
  const one = w.resources.find((r) => r.conn === get('connection') && r.id === get('id'));
  if (is('GET', '/resource')) return one ? { status: 200, body: resourceView(w, one) } : notFound;
  if (is('GET', '/resource/history')) return one ? { status: 200, body: { states: history(w, one) } } : notFound;
  if (is('GET', '/usage')) return { status: 200, body: { series: usage(w, get('connection'), get('resource'), url.searchParams.getAll('metric'), Date.parse(get('from')), Date.parse(get('to')), Number(get('step'))) } };
  if (is('GET', '/usage/summary')) return { status: 200, body: { summaries: summaries(w, url) } };
  if (is('POST', '/costs/query')) return { status: 200, body: costs(w, body) };
  m = is('GET', '/dimensions/([^/]+)/values');
  if (m) return { status: 200, body: { values: values(w, decodeURIComponent(m[1]), get('q')) } };
  if (is('GET', '/dashboards')) return { status: 200, body: { dashboards: Object.values(dashboardFile(w)).map((d) => ({ name: d.name, title: d.title[lang] })) } };
  m = is('GET', '/dashboards/([^/]+)');
  if (m) return dashboardFile(w)[m[1]] ? { status: 200, body: dashboardFile(w)[m[1]] } : notFound;
  return money(w, is, url, body) ?? account(w, is, body) ?? notFound;
}

function account(w, is, body) {
  if (is('GET', '/budgets')) return { status: 200, body: { budgets: w.budgets.map((b) => budgetView(w, b)) } };
  if (is('POST', '/budgets')) { const b = { id: id(w.next++), filter: null, ...body }; w.budgets.push(b); return { status: 201, body: budgetView(w, b) }; }
  let m = is('PUT', '/budgets/([^/]+)');
  if (m) { const b = w.budgets.find((x) => x.id === m[1]); Object.assign(b, { filter: null }, body); return { status: 200, body: budgetView(w, b) }; }
  m = is('DELETE', '/budgets/([^/]+)');
  if (m) { w.budgets = w.budgets.filter((x) => x.id !== m[1]); return { status: 204 }; }
  if (is('POST', '/telegram/code')) return { status: 201, body: { code: 'K7QX-92MD', expires_at: new Date(w.now + 15 * 60_000).toISOString(), bot: 'infrazen_bot' } };
  if (is('GET', '/telegram/chats')) return { status: 200, body: { chats: w.chats } };
  if (is('GET', '/tokens')) return { status: 200, body: { tokens: w.tokens } };
  if (is('POST', '/tokens')) { const t = { id: id(w.next++), name: body.name, created_at: new Date(w.now).toISOString(), expires_at: null, last_used: null }; w.tokens.push(t); return { status: 201, body: { ...t, token: 'izt_example_token_shown_once' } }; }
  m = is('DELETE', '/tokens/([^/]+)');
  if (m) { w.tokens = w.tokens.filter((x) => x.id !== m[1]); return { status: 204 }; }
  return null;
}

function create(w, body, lang) {
  const good = body.kind === 'table' ? { ok: true, faults: [] } : probe(lang, body.settings);
  const c = {
    id: id(w.next++), kind: body.kind, kind_title: providers(lang).find((p) => p.kind === body.kind)?.title ?? body.kind, name: body.name, settings: body.settings.mapping ? { mapping: body.settings.mapping } : { login: body.settings.login ?? '', base_url: body.settings.base_url ?? '' }, secrets_set: ['password'], paused: false, version: 1,
    created_at: new Date(w.now).toISOString(), updated_at: new Date(w.now).toISOString(),
    status: { state: good.ok ? 'new' : 'failing', windows_done: 0, windows_total: 24, running: false, last_success: null, last_attempt: null, complete_through: null, faults: good.faults, notes: [], scopes: [] },
  };
  w.connections.push(c);
  return c;
}

function connection(w, req, [, cid, action], body, lang, url) {
  const c = w.connections.find((x) => x.id === cid);
  if (!c) return cid === 'test' ? null : notFound;
  if (req.method === 'GET' && !action) return { status: 200, body: c };
  if (action === '/uploads') return files(w, req, c, url, body);
  if (action === '/test') return { status: 200, body: probe(lang, body.settings) };
  if (action === '/sync') {
    Object.assign(c.status, { state: 'ok', windows_done: 24, last_success: new Date(w.now).toISOString(), last_attempt: new Date(w.now).toISOString() });
    if (!w.resources.some((r) => r.conn === cid)) w.resources.push(...w.resources.filter((r) => r.conn === id(2) && r.type === 'server').map((r) => ({ ...r, conn: cid, id: 'new-' + r.id })));
    return { status: 202, body: c.status };
  }
  if (req.method === 'PATCH') {
    if (body.version !== c.version) return problem(409, 'Подключение уже изменил кто-то другой. Обновите страницу.');
    c.version++;
    c.name = body.name ?? c.name;
    if (body.paused !== undefined) { c.paused = body.paused; c.status.state = body.paused ? 'paused' : 'ok'; }
    if (body.settings?.password === 'right-password') Object.assign(c.status, { state: 'new', faults: [] });
    return { status: 200, body: c };
  }
  if (req.method === 'DELETE') { w.connections = w.connections.filter((x) => x.id !== cid); return { status: 204 }; }
  return notFound;
}

function resourcePage(w, url) {
  const get = (k) => url.searchParams.get(k) ?? '';
  const q = get('q').toLowerCase();
  const all = w.resources.filter((r) => w.connections.some((c) => c.id === r.conn) && (!get('connection') || r.conn === get('connection')) && (!get('type') || r.type === get('type')) && (get('deleted') || r.to === Infinity) && (!get('condition') || conditionOf(r) === get('condition')) && `${r.name} ${r.id}`.toLowerCase().includes(q));
  const after = Number(get('after') || 0);
  const limit = Number(get('limit') || 100);
  return { resources: all.slice(after, after + limit).map((r) => resourceView(w, r)), cursor: after + limit < all.length ? String(after + limit) : '', total: all.length };
}

function summaries(w, url) {
  const metrics = url.searchParams.getAll('metric');
  const only = url.searchParams.get('connection');
  const from = Date.parse(url.searchParams.get('from'));
  const to = Date.parse(url.searchParams.get('to'));
  return w.resources.filter((r) => r.load && (!only || r.conn === only)).flatMap((r) => usage(w, r.conn, r.id, metrics, from, to, 3600).filter((s) => s.times.length > 0).map((s) => {
    const sorted = [...s.values].sort((a, b) => a - b);
    return { connection_id: r.conn, resource: r.id, metric: s.metric, samples: s.values.length, average: s.values.reduce((a, b) => a + b, 0) / s.values.length, p95: sorted[Math.floor(sorted.length * 0.95)], max: sorted.at(-1), last: s.values.at(-1), last_at: new Date(s.times.at(-1) * 1000).toISOString() };
  }));
}

function values(w, dimension, q) {
  const seen = new Map();
  for (const r of w.resources) { const k = keyOf(w, r, dimension); seen.set(k.value, k); }
  return [...seen.values()].filter((k) => k.label.toLowerCase().includes(q.toLowerCase()));
}

const csp = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const types = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.map': 'application/json' };

function file(res, dist, name) {
  let full = path.join(dist, name);
  if (!full.startsWith(dist) || !fs.existsSync(full) || fs.statSync(full).isDirectory()) full = path.join(dist, 'app.html');
  res.writeHead(200, { 'Content-Type': types[path.extname(full)] ?? 'application/octet-stream', 'Content-Security-Policy': csp, 'X-Content-Type-Options': 'nosniff' });
  fs.createReadStream(full).pipe(res);
}

// start serves the stand-in; dashboards are the dashboard files as objects by name.
export async function start({ port = 0, dist = path.join(here, '..', 'dist'), dashboards, now = Date.now() } = {}) {
  const w = makeWorld(now);
  w.dashboards = dashboards ?? readDashboards();
  const server = http.createServer((req, res) => {
    const url = new URL(req.url, 'http://localhost');
    if (!url.pathname.startsWith('/api/')) return file(res, dist, url.pathname);
    let text = '';
    req.on('data', (d) => (text += d));
    req.on('end', () => {
      const lang = (req.headers['accept-language'] ?? 'ru').startsWith('en') ? 'en' : 'ru';
      const type = req.headers['content-type'] ?? '';
      const body = type.startsWith('multipart/') ? readForm(type, text) : text ? JSON.parse(text) : {};
      const out = answer(w, req, url, body, lang) ?? notFound;
      const headers = { 'Content-Type': out.status >= 400 ? 'application/problem+json' : 'application/json', 'Content-Security-Policy': csp };
      if (out.cookie) {
        const token = 's' + Math.random().toString(36).slice(2);
        w.signedIn.add(token);
        headers['Set-Cookie'] = `infrazen_session=${token}; HttpOnly; SameSite=Lax; Path=/`;
      }
      res.writeHead(out.status, headers);
      res.end(out.body === undefined ? undefined : JSON.stringify(out.body));
    });
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, world: w, stop: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }) };
}

// readDashboards reads the dashboard files with the YAML reader that npm has installed beside openapi-typescript.
function readDashboards() {
  const root = path.join(here, '..', '..', '..');
  const yaml = createRequire(path.join(root, 'package.json'))('js-yaml');
  const folder = path.join(root, 'dashboards');
  return Object.fromEntries(fs.readdirSync(folder).filter((f) => f.endsWith('.yaml')).map((f) => {
    const d = yaml.load(fs.readFileSync(path.join(folder, f), 'utf8'));
    return [d.name, d];
  }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await start({ port: Number(process.env.PORT ?? 8090) });
  console.log(`${url}/sign-in?token=good`);
}
