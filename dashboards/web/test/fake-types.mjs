// The stand-in's answers about what nobody recognised, about type mappings, snapshots and what is wrong with resources.
const hour = 3_600_000;
const day = 24 * hour;
const id = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const universal = [
  ['server', 'Compute'], ['volume', 'Storage'], ['snapshot', 'Storage'], ['backup', 'Storage'], ['image', 'Storage'], ['database', 'Databases'], ['bucket', 'Storage'],
  ['floating_ip', 'Networking'], ['license', 'Other'], ['other', 'Other'],
].map(([value, service_category]) => ({ value, service_category }));

// odd are the charges that nobody recognises: kopecks, so that they add up to the last one.
const odd = (w) => [
  {
    connection_id: id(1), kind: 'beget', kind_title: 'Beget', provider_name: 'Beget', resource_type: 'TAPE_ARCHIVE', service_name: 'Ленточный архив', service_category: 'Other', sku_id: 'lto-8-cold', currency: 'RUB',
    kopecks: 412_075, lines: 720, resources: 2,
    examples: [{ resource_id: 'tape-1', resource_name: 'archive-2019', fields: [{ name: 'ChargeDescription', value: 'Хранение на ленте LTO-8' }, { name: 'ConsumedUnit', value: 'GB-Hours' }, { name: 'Tags.team', value: 'legal' }] }],
  },
  {
    connection_id: id(2), kind: 'beget', kind_title: 'Beget', provider_name: 'Beget', resource_type: '', service_name: 'Консультации', service_category: 'Other', sku_id: '', currency: 'RUB', kopecks: 60_025, lines: 3, resources: 1,
    examples: [{ resource_id: '', resource_name: '', fields: [{ name: 'ChargeDescription', value: 'Помощь инженера' }] }],
  },
].map((g) => ({ unpriced: 0, estimated: '0', first_start: new Date(w.now - 40 * day).toISOString(), first_seen: new Date(w.now - 39 * day).toISOString(), ...g }));

const rubles = (kopecks) => (kopecks / 100).toFixed(2);

const matches = (m, g) => m.kind === g.kind && m.match.resource_type === g.resource_type && (!m.match.service_name || m.match.service_name === g.service_name) && g.sku_id.startsWith(m.match.sku_prefix ?? '');

function left(w) {
  return odd(w).filter((g) => !(w.mappings ?? []).some((m) => matches(m, g)));
}

const data = (w) => ({ collected_at: new Date(w.now - 300_000).toISOString(), complete_through: new Date(w.now - hour).toISOString(), complete: true, gaps: [], gap_count: 0 });

function unrecognised(w) {
  const groups = left(w);
  const sum = groups.reduce((a, g) => a + g.kopecks, 0);
  return {
    totals: [{ currency: 'RUB', cost: rubles(sum), total: '47210.00', percent: ((100 * sum) / 4_721_000).toFixed(2), lines: groups.reduce((a, g) => a + g.lines, 0), unpriced: 0 }],
    groups: groups.map(({ kopecks, ...g }) => ({ ...g, cost: rubles(kopecks), connection_name: w.connections.find((c) => c.id === g.connection_id)?.name ?? '' })),
    resources: [{ kind: 'beget', kind_title: 'Beget', connection_id: id(1), connection_name: 'Beget: прод', resource_type: 'TAPE_DRIVE', count: 1, examples: [{ resource_id: 'drive-1', resource_name: 'drive-1', fields: [] }] }],
    data: data(w),
  };
}

// applications: a change is applied in the third answer after it.
function applications(w) {
  if (w.retyping === undefined) return [];
  w.retyping++;
  const base = { connection_id: id(1), connection_name: 'Beget: прод', kind: 'beget', asked_at: new Date(w.now - 2000).toISOString(), finished_at: null, fault: null };
  if (w.retyping === 1) return [{ ...base, done: false, running: false, days_done: 0, days_total: 0, lines: 0 }];
  if (w.retyping === 2) return [{ ...base, done: false, running: true, days_done: 21, days_total: 90, lines: 168 }];
  return [{ ...base, done: true, running: false, days_done: 90, days_total: 90, lines: 720, finished_at: new Date(w.now).toISOString() }];
}

function mapping(body, more) {
  return { kind_title: 'Beget', created_at: null, updated_at: null, ...more, kind: body.kind, match: body.match, to: body.to };
}

function snapshotsOf(w, cid) {
  const at = (n) => new Date(w.now - n * hour).toISOString();
  const scope = (name, label, fault = null) => ({ scope: name, label, found: 7, skipped: false, fault });
  const down = scope('mysql/getList', 'Базы данных MySQL', { code: 'unavailable', scope: 'mysql/getList', text: 'Beget не отвечает на запрос списка баз. Повторим сами.', retry: true });
  const make = (n, counts, failed = []) => ({ at: at(n), created: 0, updated: 0, deleted: 0, unchanged: 14, complete: failed.length === 0, ...counts, failed, scopes: [scope('vps', 'Виртуальные серверы'), ...failed] });
  if (cid !== id(1)) return [make(0, {})];
  return [make(0, {}), make(1, { created: 1, updated: 1, deleted: 1, unchanged: 11 }), make(2, {}), make(3, { unchanged: 9 }, [down])];
}

const changes = [
  { change: 'created', id: 'server-4', type: 'server', name: 'ci-runner', scope: 'vps', fields: [], seen_at: null, deleted_at: null },
  { change: 'deleted', id: 'server-10', type: 'server', name: 'old-monitoring', scope: 'vps', fields: [], seen_at: null, deleted_at: null },
  {
    change: 'updated', id: 'server-1', type: 'server', name: 'web-1', scope: 'vps', seen_at: null, deleted_at: null, fields: [
      { field: 'memory_bytes', old: String(4 * 1024 ** 3), new: String(8 * 1024 ** 3) }, { field: 'status', old: 'STOPPED', new: 'RUNNING' }, { field: 'tag.team', old: '', new: 'platform' },
      { field: 'attribute.condition', old: '', new: 'orphan' }, { field: 'rate.', old: '3.5 RUB/hour', new: '6.12 RUB/hour' },
    ],
  },
];

// aboutTypes answers what it knows; undefined for anything else.
export function aboutTypes(w, is, url, body) {
  if (is('GET', '/unrecognised')) return { status: 200, body: unrecognised(w) };
  if (is('GET', '/type-mappings')) return { status: 200, body: { mappings: w.mappings ?? [], applications: applications(w), types: universal, service_categories: ['Compute', 'Databases', 'Networking', 'Other', 'Storage'] } };
  if (is('POST', '/type-mappings')) {
    if (!body.to.resource_type) return { status: 422, body: { title: 'Problem', status: 422, detail: 'Выберите тип.', errors: [] } };
    w.mappings = [...(w.mappings ?? []), mapping(body, { id: id(w.next++) })];
    w.retyping = 0;
    return { status: 201, body: w.mappings.at(-1) };
  }
  let m = is('(?:PUT|DELETE|GET)', '/x') ?? (/^\/api\/v1\/type-mappings\/([^/]+)$/.exec(url.pathname));
  if (m && is('PUT', '/type-mappings/[^/]+')) {
    w.mappings = w.mappings.map((x) => (x.id === m[1] ? mapping(body, { id: x.id }) : x));
    w.retyping = 0;
    return { status: 200, body: w.mappings.find((x) => x.id === m[1]) };
  }
  if (m && is('DELETE', '/type-mappings/[^/]+')) {
    w.mappings = w.mappings.filter((x) => x.id !== m[1]);
    w.retyping = 0;
    return { status: 204 };
  }
  m = is('GET', '/connections/([^/]+)/snapshots');
  if (m) return { status: 200, body: { snapshots: snapshotsOf(w, m[1]), next: null } };
  if (is('GET', '/connections/[^/]+/snapshots/[^/]+/changes')) return { status: 200, body: { changes, more: false } };
  if (is('POST', '/costs/query') && body.filter?.dimension === 'unrecognised') {
    const sum = left(w).reduce((a, g) => a + g.kopecks, 0);
    const total = { currency: 'RUB', cost: rubles(sum), estimated: '0', unpriced: 0, lines: sum > 0 ? 3 : 0, previous: null, series: [rubles(sum)] };
    return { status: 200, body: { steps: [body.from], groups: [], totals: sum > 0 ? [total] : [], data: data(w) } };
  }
  return undefined;
}

// conditionOf is what is wrong with a resource of the stand-in.
export const conditionOf = (r) => ({ 'floating_ip-8': 'orphan', 'server-5': 'zombie' })[r.id];
