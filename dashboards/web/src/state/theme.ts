import { useEffect, useState } from 'preact/hooks';

export type Theme = 'light' | 'dark' | 'auto';

const key = 'infrazen.theme';

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(key);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'auto') {
    localStorage.removeItem(key);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(key, theme);
    document.documentElement.dataset.theme = theme;
  }
  dispatchEvent(new Event('infrazen-theme'));
}

export function isDark(): boolean {
  const chosen = chosenTheme();
  return chosen === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

// useDark tells whether the dark theme is shown and redraws when that changes: charts need their colours anew.
export function useDark(): boolean {
  const [dark, setDark] = useState(isDark);
  useEffect(() => {
    const look = () => setDark(isDark());
    const media = matchMedia('(prefers-color-scheme: dark)');
    media.addEventListener('change', look);
    addEventListener('infrazen-theme', look);
    return () => {
      media.removeEventListener('change', look);
      removeEventListener('infrazen-theme', look);
    };
  }, []);
  return dark;
}
