import type * as api from './types.ts';

// Problem is an answer of the API that is not what was asked for. Its message is a sentence for people in their
// language; faults name every part of the request that is wrong. Status 0 means that no answer came.
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly faults: { location: string; message: string }[] = [],
  ) {
    super(detail);
  }
}

interface ProblemBody {
  title?: string;
  detail?: string;
  errors?: { location?: string; message?: string }[];
}

async function problem(response: Response): Promise<Problem> {
  let body: ProblemBody = {};
  try {
    body = (await response.json()) as ProblemBody;
  } catch {
    // A proxy's page of its own is no sentence for people: the status alone is told.
  }
  const faults = (body.errors ?? []).map((e) => ({ location: e.location ?? '', message: e.message ?? '' }));
  return new Problem(response.status, body.detail ?? body.title ?? '', faults);
}

export type Params = Record<string, string | number | boolean | readonly string[] | undefined>;

function address(path: string, params?: Params): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params ?? {})) {
    if (value === undefined || value === '' || value === false) continue;
    for (const v of Array.isArray(value) ? value : [value]) search.append(key, String(v));
  }
  const text = search.toString();
  return '/api/v1' + path + (text ? '?' + text : '');
}

// Client speaks to the API in one language. It tells onSignedOut when the session has ended.
export class Client {
  constructor(
    private lang: api.Lang,
    private onSignedOut: () => void = () => {},
  ) {}

  async send<T>(method: string, path: string, options: { params?: Params; body?: unknown; signal?: AbortSignal; quiet?: boolean } = {}): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': this.lang, 'X-Requested-With': 'infrazen' };
    const form = options.body instanceof FormData ? options.body : null; // the browser names its type itself
    if (options.body !== undefined && !form) headers['Content-Type'] = 'application/json';
    let response: Response;
    try {
      response = await fetch(address(path, options.params), {
        method, headers, body: form ?? (options.body === undefined ? null : JSON.stringify(options.body)), signal: options.signal ?? null, credentials: 'same-origin',
      });
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      throw new Problem(0, '');
    }
    if (response.ok) return (response.status === 204 || response.headers.get('Content-Length') === '0' ? undefined : await json(response)) as T;
    if (response.status === 401 && !options.quiet) this.onSignedOut();
    throw await problem(response);
  }

  get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
    return this.send<T>('GET', path, { params, signal });
  }

  // Session.
  session = (): Promise<api.Session> => this.send('GET', '/session', { quiet: true });
  signIn = (email: string, password: string): Promise<api.Session> => this.send('POST', '/session', { body: { email, password }, quiet: true });
  useLink = (token: string): Promise<api.Session> => this.send('POST', '/session/link', { body: { token }, quiet: true });
  signOut = (): Promise<void> => this.send('DELETE', '/session');
  switchTenant = (tenant: string): Promise<unknown> => this.send('PUT', '/session/tenant', { body: { tenant_id: tenant } });
  setPassword = (old: string, fresh: string): Promise<void> => this.send('PUT', '/session/password', { body: { old, new: fresh } });
  updateUser = (body: { name?: string; lang?: api.Lang }): Promise<unknown> => this.send('PATCH', '/session/user', { body });

  // Connections.
  providers = (): Promise<api.Provider[]> => this.send<unknown>('GET', '/providers').then((b) => list<api.Provider>(b, 'providers'));
  connections = (signal?: AbortSignal): Promise<api.Connection[]> => this.get<unknown>('/connections', undefined, signal).then((b) => list<api.Connection>(b, 'connections'));
  connection = (id: string, signal?: AbortSignal): Promise<api.Connection> => this.get(`/connections/${encodeURIComponent(id)}`, undefined, signal);
  createConnection = (body: api.CreateConnection): Promise<api.Connection> => this.send('POST', '/connections', { body });
  updateConnection = (id: string, body: api.UpdateConnection): Promise<api.Connection> =>
    this.send('PATCH', `/connections/${encodeURIComponent(id)}`, { body });
  deleteConnection = (id: string): Promise<void> => this.send('DELETE', `/connections/${encodeURIComponent(id)}`);
  testNew = (kind: string, settings: Record<string, string>): Promise<api.TestResult> => this.send('POST', '/connections/test', { body: { kind, settings } });
  testKept = (id: string, settings: Record<string, string>): Promise<api.TestResult> => this.send('POST', `/connections/${encodeURIComponent(id)}/test`, { body: { settings } });
  sync = (id: string): Promise<void> => this.send('POST', `/connections/${encodeURIComponent(id)}/sync`);

  uploads = (id: string, signal?: AbortSignal): Promise<api.Upload[]> => this.get<unknown>(`/connections/${encodeURIComponent(id)}/uploads`, undefined, signal).then((b) => list<api.Upload>(b, 'uploads'));
  upload = (id: string, file: File): Promise<api.Upload> => this.send('POST', `/connections/${encodeURIComponent(id)}/uploads`, { body: form({}, file) });
  removeUpload = (id: string, name: string): Promise<void> => this.send('DELETE', `/connections/${encodeURIComponent(id)}/uploads`, { params: { name } });
  preview = (kind: string, mapping: string, file: File, signal?: AbortSignal): Promise<api.Preview> => this.send('POST', '/uploads/preview', { body: form({ kind, mapping }, file), signal });

  // Resources.
  resources = (params: Params, signal?: AbortSignal): Promise<api.ResourcePage> => this.get('/resources', params, signal);
  resource = (connection: string, id: string, signal?: AbortSignal): Promise<api.Resource> => this.get('/resource', { connection, id }, signal);
  history = (connection: string, id: string, signal?: AbortSignal): Promise<api.Resource[]> =>
    this.get<unknown>('/resource/history', { connection, id }, signal).then((b) => list<api.Resource>(b, 'states'));
  usage = (params: Params, signal?: AbortSignal): Promise<api.UsageSeries[]> => this.get<unknown>('/usage', params, signal).then((b) => list<api.UsageSeries>(b, 'series'));
  usageSummary = (params: Params, signal?: AbortSignal): Promise<api.UsageSummary[]> =>
    this.get<unknown>('/usage/summary', params, signal).then((b) => list<api.UsageSummary>(b, 'summaries'));

  // Money.
  costs = (body: api.CostQuery, signal?: AbortSignal): Promise<api.CostAnswer> => this.send('POST', '/costs/query', { body, signal });
  values = (dimension: string, q: string, signal?: AbortSignal): Promise<api.GroupKey[]> =>
    this.get<unknown>(`/dimensions/${encodeURIComponent(dimension)}/values`, { q }, signal).then((b) => list<api.GroupKey>(b, 'values'));
  balances = (signal?: AbortSignal): Promise<api.Balance[]> => this.get<unknown>('/balances', undefined, signal).then((b) => list<api.Balance>(b, 'balances'));
  runway = (until: string, signal?: AbortSignal): Promise<api.RunwayAnswer> => this.get('/runway', until ? { until } : undefined, signal);
  reconciliation = (month: string, signal?: AbortSignal): Promise<api.ReconciliationAnswer> => this.get('/reconciliation', month ? { month } : undefined, signal);
  putClosing = (body: api.ClosingBody): Promise<unknown> => this.send('PUT', '/closing-documents', { body });
  deleteClosing = (connection: string, account: string, month: string): Promise<void> => this.send('DELETE', '/closing-documents', { params: { connection, billing_account: account, month } });
  budgets = (signal?: AbortSignal): Promise<api.Budget[]> => this.get<unknown>('/budgets', undefined, signal).then((b) => list<api.Budget>(b, 'budgets'));
  createBudget = (body: api.BudgetBody): Promise<api.Budget> => this.send('POST', '/budgets', { body });
  updateBudget = (id: string, body: api.BudgetBody): Promise<api.Budget> => this.send('PUT', `/budgets/${encodeURIComponent(id)}`, { body });
  deleteBudget = (id: string): Promise<void> => this.send('DELETE', `/budgets/${encodeURIComponent(id)}`);

  // Dashboards, Telegram and tokens.
  dashboards = (): Promise<api.DashboardEntry[]> => this.get<unknown>('/dashboards').then((b) => list<api.DashboardEntry>(b, 'dashboards'));
  dashboard = (name: string, signal?: AbortSignal): Promise<api.Dashboard> => this.get<api.Dashboard>(`/dashboards/${encodeURIComponent(name)}`, undefined, signal).then(whole);
  telegramCode = (): Promise<api.ChatCode> => this.send('POST', '/telegram/code');
  chats = (signal?: AbortSignal): Promise<api.Chat[]> => this.get<unknown>('/telegram/chats', undefined, signal).then((b) => list<api.Chat>(b, 'chats'));
  unlinkChat = (chat: string, thread: string): Promise<void> => this.send('DELETE', `/telegram/chats/${encodeURIComponent(chat)}`, { params: { thread_id: thread } });
  tokens = (signal?: AbortSignal): Promise<api.Token[]> => this.get<unknown>('/tokens', undefined, signal).then((b) => list<api.Token>(b, 'tokens'));
  createToken = (name: string): Promise<{ id: string; token: string }> => this.send('POST', '/tokens', { body: { name } });
  deleteToken = (id: string): Promise<void> => this.send('DELETE', `/tokens/${encodeURIComponent(id)}`);
}

// form is a body with a file, the file last.
function form(fields: Record<string, string>, file: File): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set('file', file, file.name);
  return body;
}

// whole puts in what a dashboard file may leave out.
function whole(d: api.Dashboard): api.Dashboard {
  const none = { ru: '', en: '' };
  return {
    ...d, about: d.about ?? none, range: d.range || '30d', refresh: d.refresh || '1m', variables: d.variables ?? [],
    panels: d.panels.map((p) => ({
      ...p, help: p.help ?? none, draw: p.draw || 'bars', previous_line: p.previous_line ?? false,
      query: { ...p.query, metric: p.query.metric || 'billed_cost', step: p.query.step ?? '', group_by: p.query.group_by ?? [], filter: p.query.filter ?? undefined, compare: p.query.compare ?? '', metrics: p.query.metrics ?? [], top: p.query.top ?? 0 },
    })),
  };
}

async function json(response: Response): Promise<unknown> {
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

// list takes the list out of an answer, which is the list itself or an object that holds it under the key.
function list<T>(body: unknown, key: string): T[] {
  if (Array.isArray(body)) return body as T[];
  const inner = (body as Record<string, unknown> | undefined)?.[key];
  return Array.isArray(inner) ? (inner as T[]) : [];
}
