import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import logo from './logo.svg';
import { Link, usePlace } from './router.tsx';
import { sentence, useApp } from './state/app.tsx';
import { useQuery } from './state/query.ts';
import { chooseTheme, chosenTheme, type Theme } from './state/theme.ts';
import { Menu, type MenuItem } from './ui/basics.tsx';
import { Icon, type IconName } from './ui/icons.tsx';
import { UnrecognisedNav } from './pages/unrecognisednav.tsx';

// Shell is what stands round every page: the navigation, at the left or, on a phone, at the bottom.
export function Shell({ children }: { children: ComponentChildren }) {
  const { t, client, lang } = useApp();
  const { path } = usePlace();
  const dashboards = useQuery('dashboards' + lang, () => client.dashboards());
  const items: { to: string; icon: IconName; text: string; current: boolean }[] = [
    { to: '/', icon: 'overview', text: t.nav.overview, current: path === '/' },
    { to: '/resources', icon: 'resources', text: t.nav.resources, current: path.startsWith('/resource') },
    { to: '/connections', icon: 'connections', text: t.nav.connections, current: path.startsWith('/connections') },
    { to: '/budgets', icon: 'budgets', text: t.nav.budgets, current: path === '/budgets' },
    { to: '/runway', icon: 'money', text: t.runway.nav, current: path === '/runway' || path === '/reconciliation' },
    { to: '/settings', icon: 'settings', text: t.nav.settings, current: path === '/settings' },
  ];
  const others = (dashboards.data ?? []).filter((d) => d.name !== 'overview')
    .map((d) => ({ to: '/d/' + d.name, icon: 'dashboard' as const, text: typeof d.title === 'string' ? d.title : d.title[lang], current: path === '/d/' + d.name }));
  const list = [items[0]!, ...others, ...items.slice(1)];
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main')?.focus(); }}>{t.common.skip}</a>
      <div class="shell">
        <aside class="side-bar">
          <Link to="/" class="logo" label="InfraZen"><img src={logo} alt="" width="28" height="28" /><span>InfraZen</span></Link>
          <nav aria-label={t.nav.main}>
            <ul>
              {list.map((i) => [i.to === '/settings' && <UnrecognisedNav key="unrecognised" />, <li key={i.to} class={i.to.startsWith('/d/') ? 'more' : ''}><Link to={i.to} current={i.current} title={i.text}><Icon name={i.icon} /><span>{i.text}</span></Link></li>])}
            </ul>
          </nav>
          <div class="side-foot"><ThemeMenu /><AccountMenu /></div>
        </aside>
        <main id="main" tabIndex={-1}>{children}</main>
      </div>
    </>
  );
}

function ThemeMenu() {
  const { t } = useApp();
  const [theme, setTheme] = useState<Theme>(chosenTheme());
  const names: Record<Theme, string> = { auto: t.nav.themeAuto, light: t.nav.themeLight, dark: t.nav.themeDark };
  const items = (['auto', 'light', 'dark'] as const).map((x): MenuItem => ({ label: names[x], chosen: x === theme, act: () => { chooseTheme(x); setTheme(x); } }));
  return <Menu label={t.nav.theme} icon={theme === 'dark' ? 'moon' : 'sun'} items={items} align="left" />;
}

function AccountMenu() {
  const { t, client, session, setSession, tell } = useApp();
  const place = usePlace();
  const others: MenuItem[] = session!.tenants.length < 2 ? [] : session!.tenants.map((x) => ({
    label: x.name, chosen: x.id === session!.tenant.id, act: () => { client.switchTenant(x.id).then(() => location.assign('/'), (e: unknown) => tell(sentence(e, t))); },
  }));
  const items: MenuItem[] = [
    ...others,
    { label: t.nav.settings, icon: 'settings', act: () => place.go('/settings') },
    { label: t.nav.signOut, icon: 'close', act: () => { client.signOut().then(() => setSession(null), (e: unknown) => tell(sentence(e, t))); } },
  ];
  return <Menu label={t.nav.account} icon="user" text={<span class="account"><strong>{session!.user.name || session!.user.email}</strong><small>{session!.tenant.name}</small></span>} items={items} align="left" />;
}
