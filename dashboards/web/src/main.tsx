import './styles/fonts.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/panels.css';
import './styles/money.css';
import './styles/types.css';
import './styles/files.css';
import './logo.svg';
import { Component, render, type ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Client } from './api/client.ts';
import type { Session } from './api/types.ts';
import { DashboardPage } from './dashboard/dashboard.tsx';
import { Budgets } from './pages/budgets.tsx';
import { ConnectionPage } from './pages/connection.tsx';
import { Connections } from './pages/connections.tsx';
import { ReconciliationPage } from './pages/reconciliation.tsx';
import { ResourcePage } from './pages/resource.tsx';
import { Resources } from './pages/resources.tsx';
import { RunwayPage } from './pages/runway.tsx';
import { Settings } from './pages/settings.tsx';
import { SignIn } from './pages/signin.tsx';
import { Unrecognised } from './pages/unrecognised.tsx';
import { EditConnection, NewConnection } from './pages/wizard.tsx';
import { Link, Router, usePlace } from './router.tsx';
import { AppContext, useApp, type App } from './state/app.tsx';
import { texts, type Lang } from './text/index.ts';
import { Failed, Loading, Notice } from './ui/basics.tsx';
import { PageHead } from './ui/pages.tsx';
import { Shell } from './shell.tsx';

const langKey = 'infrazen.lang';

function firstLang(): Lang {
  const kept = localStorage.getItem(langKey);
  if (kept === 'ru' || kept === 'en') return kept;
  return navigator.language.startsWith('en') ? 'en' : 'ru';
}

// Root holds the session, the language and the short messages.
function Root() {
  const place = usePlace();
  const [lang, setLangNow] = useState<Lang>(firstLang);
  const [session, setSession] = useState<Session | null>(null);
  const [state, setState] = useState<'asking' | 'known' | 'failed'>('asking');
  const [error, setError] = useState<unknown>();
  const [message, setMessage] = useState('');
  const timer = useRef(0);
  const chosen = useRef<Lang | null>(null);
  const t = texts[lang];

  const client = useMemo(() => new Client(lang, () => setSession(null)), [lang]);
  // take opens the session in the user's language, or in the one just chosen on the sign-in page.
  const take = (s: Session | null) => {
    const wanted = chosen.current;
    chosen.current = null;
    if (s && wanted && wanted !== s.user.lang) {
      client.updateUser({ lang: wanted }).catch(() => {});
      setSession({ ...s, user: { ...s.user, lang: wanted } });
      return;
    }
    setSession(s);
    if (s) show(s.user.lang);
  };
  const show = (l: Lang) => {
    localStorage.setItem(langKey, l);
    setLangNow(l);
  };
  const ask = () => {
    setState('asking');
    client.session().then(
      (s) => { take(s); setState('known'); },
      (e: { status?: number }) => { setError(e); setState(e.status === 401 ? 'known' : 'failed'); },
    );
  };
  useEffect(ask, []);
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  const app: App = {
    client, lang, t, session, zone: session?.tenant.zone ?? 'Europe/Moscow', admin: session?.role === 'admin', setSession: take,
    setLang: (l) => {
      show(l);
      if (!session) chosen.current = l;
      if (session) client.updateUser({ lang: l }).then(() => setSession({ ...session, user: { ...session.user, lang: l } }), () => {});
    },
    tell: (text) => {
      clearTimeout(timer.current);
      setMessage(text);
      timer.current = window.setTimeout(() => setMessage(''), 6000);
    },
  };
  const signInPath = place.path === '/sign-in';
  useEffect(() => {
    if (state === 'known' && !session && !signInPath) place.go('/sign-in' + (place.path === '/' ? '' : '?next=' + encodeURIComponent(place.path + location.search)), true);
    if (state === 'known' && session && signInPath && !place.search.has('token')) place.go('/', true);
  }, [state, session, signInPath]);
  return (
    <AppContext.Provider value={app}>
      {state === 'asking' ? <div class="centre-page"><Loading /></div>
        : state === 'failed' ? <div class="centre-page"><Failed error={error} again={ask} /></div>
          : signInPath ? <SignIn />
            : session ? <Shell><Guard key={place.path}><Page /></Guard></Shell> : null}
      <div class="toast" role="status" aria-live="polite">{message && <span>{message}</span>}</div>
    </AppContext.Provider>
  );
}

// Guard keeps a fault of one page from taking the whole app down.
class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };
  static override getDerivedStateFromError = () => ({ failed: true });
  override componentDidCatch(error: unknown): void {
    console.error(error);
  }
  override render() {
    return this.state.failed ? <Crashed /> : <>{this.props.children}</>;
  }
}

function Crashed() {
  const { t } = useApp();
  return <Notice tone="bad">{t.problem.crashed}</Notice>;
}

function Page() {
  const { path } = usePlace();
  const [, first = '', second = '', third = ''] = path.split('/').map(decode);
  if (path === '/') return <DashboardPage name="overview" />;
  if (first === 'd' && second && !third) return <DashboardPage name={second} />;
  if (path === '/connections') return <Connections />;
  if (path === '/connections/new') return <NewConnection />;
  if (first === 'connections' && second && !third) return <ConnectionPage id={second} />;
  if (first === 'connections' && third === 'edit') return <EditConnection id={second} />;
  if (path === '/resources') return <Resources />;
  if (path === '/resource') return <ResourcePage />;
  if (path === '/unrecognised') return <Unrecognised />;
  if (path === '/budgets') return <Budgets />;
  if (path === '/reconciliation') return <ReconciliationPage />;
  if (path === '/runway') return <RunwayPage />;
  if (path === '/settings') return <Settings />;
  return <NotFound />;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function NotFound() {
  const { t } = useApp();
  return (
    <>
      <PageHead title={t.notFound.title} about={t.notFound.about} />
      <p><Link to="/" class="button primary">{t.notFound.home}</Link></p>
    </>
  );
}

render(<Router><Root /></Router>, document.getElementById('app')!);
