import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Client } from '../api/client.ts';
import { Problem } from '../api/client.ts';
import type { Session } from '../api/types.ts';
import type { Lang, Texts } from '../text/index.ts';

// App is what every page needs: the session, the language with its texts, and the API.
export interface App {
  client: Client;
  lang: Lang;
  t: Texts;
  setLang: (lang: Lang) => void;
  session: Session | null;
  setSession: (session: Session | null) => void;
  // zone is the tenant's; every time is shown in it.
  zone: string;
  // admin tells whether the member may change things.
  admin: boolean;
  // tell shows a short message that goes away by itself.
  tell: (message: string) => void;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('useApp outside of the app');
  return app;
}

// sentence says what went wrong to people.
export function sentence(error: unknown, t: Texts): string {
  if (!(error instanceof Problem)) return t.problem.crashed;
  if (error.status === 0) return t.problem.offline;
  const faults = error.faults.map((f) => f.message).filter(Boolean);
  if (faults.length > 0) return [error.message, ...faults].filter(Boolean).join(' · ');
  if (error.message) return error.message;
  if (error.status === 403) return t.problem.forbidden;
  if (error.status === 404) return t.problem.notFound;
  if (error.status === 409) return t.problem.stale;
  if (error.status === 429) return t.problem.busy;
  if (error.status === 503) return t.problem.away;
  return t.problem.status(error.status);
}
