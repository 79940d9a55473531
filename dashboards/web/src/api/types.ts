// The nouns of the HTTP API, from its OpenAPI document (schema.d.ts is generated), and those of dashboard files.
// Money is a decimal string, a time an RFC 3339 string.
import type { components } from './schema.d.ts';

type S = components['schemas'];

export type Balance = S['Balance'];
export type Budget = S['Budget'];
export type BudgetBody = S['BudgetBody'];
export type Chat = S['Chat'];
export type ChatCode = S['ChatCodeAnswer'];
export type Connection = S['Connection'];
export type ConnectionStatus = S['ConnectionStatus'];
export type CostAnswer = S['CostAnswer'];
export type CostGroup = S['CostGroup'];
export type CostQuery = S['CostQuestion'];
export type CostSum = S['CostSum'];
export type CostTotal = S['CostTotal'];
export type CreateConnection = S['CreateConnectionRequest'];
export type DashboardEntry = S['DashboardEntry'];
export type DataState = S['Data'];
export type Fault = S['Fault'];
export type FieldChange = S['Change'];
export type Filter = S['Filter'];
export type GroupKey = S['Key'];
export type Preview = S['Preview'];
export type Provider = S['Provider'];
export type ProviderField = S['Field'];
export type Rate = S['Rate'];
export type Resource = S['Resource'];
export type ResourcePage = S['ResourcesAnswer'];
export type ClosingBody = S['ClosingBody'];
export type Reconciliation = S['Reconciliation'];
export type ReconciliationAnswer = S['ReconciliationAnswer'];
export type Runway = S['Runway'];
export type RunwayAnswer = S['RunwayAnswer'];
export type Scope = S['Scope'];
export type Session = S['Session'];
export type Tenant = S['Tenant'];
export type TestResult = S['Probe'];
export type Token = S['Token'];
export type UpdateConnection = S['UpdateConnectionRequest'];
export type Upload = S['Upload'];
export type UsageSeries = S['Series'];
export type UsageSummary = S['Summary'];
export type Lang = S['User']['lang'];

// Text is a sentence in both languages, as dashboard files have it.
export interface Text {
  ru: string;
  en: string;
}

export interface Variable {
  name: string;
  title: Text;
  dimension: string;
}

export interface PanelQuery {
  kind: 'cost' | 'usage' | 'balances' | 'connections';
  metric: CostQuery['metric'];
  step: 'auto' | NonNullable<CostQuery['step']>;
  group_by: string[];
  filter?: Filter;
  compare: CostQuery['compare'];
  metrics: string[];
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

export interface Dashboard {
  name: string;
  title: Text;
  about: Text;
  range: string;
  refresh: string;
  variables: Variable[];
  panels: Panel[];
}
