// The nouns of the HTTP API as the app uses them. Money is a decimal string, a time an RFC 3339 string.

export type Lang = 'ru' | 'en';

export interface Text {
  ru: string;
  en: string;
}

export interface Tenant {
  id: string;
  name: string;
  zone: string;
  currency: string;
}

export interface Session {
  user: { id: string; email: string; name: string; lang: Lang };
  tenant: Tenant;
  role: string;
  tenants: { id: string; name: string; role: string }[];
}

export interface ProviderField {
  name: string;
  label: string;
  help: string;
  secret: boolean;
  required: boolean;
  default: string;
  options?: { value: string; label: string }[] | null;
  advanced: boolean;
}

export interface Provider {
  kind: string;
  title: string;
  about: string;
  fields: ProviderField[];
}

export interface Fault {
  code: string;
  scope: string;
  text: string;
  retry: boolean;
}

export interface Note {
  code: string;
  scope: string;
  text: string;
  count: number;
}

export interface Scope {
  scope: string;
  label: string;
  found: number;
  skipped: boolean;
  fault: Fault | null;
}

export type ConnectionState = 'new' | 'syncing' | 'ok' | 'partial' | 'failing' | 'paused';

export interface ConnectionStatus {
  state: ConnectionState;
  windows_done: number;
  windows_total: number;
  running: boolean;
  last_success: string | null;
  last_attempt: string | null;
  complete_through: string | null;
  faults: Fault[];
  notes: Note[];
  scopes: Scope[];
}

export interface Connection {
  id: string;
  kind: string;
  kind_title: string;
  name: string;
  settings: Record<string, string>;
  secrets_set: string[];
  paused: boolean;
  version: number;
  created_at: string;
  updated_at: string;
  status: ConnectionStatus;
}

export interface TestResult {
  ok: boolean;
  faults: Fault[];
  scopes: Scope[];
}

export interface SyncSummary {
  at: string;
  created: number;
  updated: number;
  deleted: number;
  unchanged: number;
  complete: boolean;
}

export interface Rate {
  component: string;
  service_name: string;
  amount: string | null;
  currency: string;
  period: string;
  cost_status: string;
}

export interface FieldChange {
  field: string;
  old: string;
  new: string;
}

export interface Resource {
  connection_id: string;
  connection_name: string;
  id: string;
  type: string;
  name: string;
  status: string;
  scope: string;
  parent_id: string;
  project_id: string;
  project_name: string;
  region_id: string;
  region_name: string;
  zone_id: string;
  vcpu: number;
  memory_bytes: number;
  disk_bytes: number;
  tags: Record<string, string> | null;
  attributes: Record<string, string> | null;
  volatile: Record<string, string> | null;
  created_at: string | null;
  rates: Rate[] | null;
  change: string;
  changes: FieldChange[] | null;
  events: { kind: string; time: string | null; failed: boolean }[];
  seen_at: string;
  deleted_at: string | null;
}

export interface ResourcePage {
  resources: Resource[];
  cursor: string;
  total: number;
}

export interface UsageSeries {
  metric: string;
  step: number;
  times: number[];
  values: number[];
  max: number[];
}

export interface UsageSummary {
  connection_id: string;
  resource: string;
  metric: string;
  samples: number;
  average: number;
  p95: number;
  max: number;
  last: number;
  last_at: string;
}

export interface Filter {
  op: string;
  args?: Filter[];
  dimension?: string;
  values?: string[];
}

export interface CostQuery {
  from: string;
  to: string;
  zone: string;
  step: string;
  filter?: Filter | null;
  group_by?: string[];
  metric?: string;
  compare?: string;
  top?: number;
}

export interface CostSum {
  cost: string;
  estimated: string;
  unpriced: number;
  lines: number;
}

export interface GroupKey {
  value: string;
  label: string;
}

export interface CostTotal extends CostSum {
  currency: string;
  previous: CostSum | null;
  series: string[];
}

export interface CostGroup extends CostTotal {
  keys: GroupKey[];
  other: boolean;
  merged: number;
}

export interface DataGap {
  connection_id: string;
  connection_name: string;
  feed: string;
  from: string;
  to: string;
  reason: string;
}

export interface DataState {
  collected_at: string | null;
  complete_through: string | null;
  complete: boolean;
  gaps: DataGap[];
  gap_count: number;
}

export interface CostAnswer {
  steps: string[];
  groups: CostGroup[];
  totals: CostTotal[];
  data: DataState;
}

export interface Balance {
  connection_id: string;
  connection_name: string;
  observed_at: string | null;
  currency: string;
  balance: string | null;
  bonus: string | null;
  daily_rate: string | null;
  days_to_suspension: number | null;
}

export interface BudgetBody {
  name: string;
  amount: string;
  currency: string;
  period: string;
  filter?: Filter | null;
  metric?: string;
  thresholds: number[];
}

export interface Budget extends BudgetBody {
  id: string;
  spent: string | null;
  percent: string | null;
  unpriced: number;
  from: string;
  to: string;
  data: DataState;
}

export interface Token {
  id: string;
  name: string;
  created_at: string;
  expires_at: string | null;
}

export interface Chat {
  chat_id: string;
  thread_id: string;
  title: string;
  linked_at: string;
}

export interface Dimension {
  name: string;
  title: string;
}

export interface Variable {
  name: string;
  title: Text;
  dimension: string;
}

export interface PanelQuery {
  kind: 'cost' | 'usage' | 'balances' | 'connections';
  metric: string;
  step: string;
  group_by: string[] | null;
  filter: Filter | null;
  compare: string;
  metrics: string[] | null;
  top: number;
}

export type PanelType = 'stat' | 'unpriced' | 'timeseries' | 'donut' | 'bars' | 'table' | 'balances' | 'load' | 'freshness';

export interface Panel {
  id: string;
  title: Text;
  help: Text;
  type: PanelType;
  grid: { x: number; y: number; w: number; h: number };
  query: PanelQuery;
  draw: string;
  previous_line: boolean;
}

export interface DashboardEntry {
  name: string;
  title: string | Text;
}

export interface Dashboard {
  name: string;
  title: Text;
  about: Text;
  range: string;
  refresh: string;
  variables: Variable[];
  panels: Panel[];
}
