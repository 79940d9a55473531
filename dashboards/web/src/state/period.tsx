import { useEffect, useMemo, useState } from 'preact/hooks';
import { usePlace } from '../router.tsx';
import { useApp } from './app.tsx';
import { readCurrency, writeCurrency } from './currency.ts';
import * as range from './range.ts';

export const refreshes = ['off', '30s', '1m', '5m'] as const;
export type Refresh = (typeof refreshes)[number];

const lengths: Record<Refresh, number> = { off: 0, '30s': 30_000, '1m': 60_000, '5m': 300_000 };

// Period is the time range of a page, as the address says, the currency of its amounts, and how often it is asked anew.
export interface Period {
  range: range.Range;
  refresh: Refresh;
  // currency is what amounts are converted to; '' shows each currency by itself.
  currency: string;
  // turn grows with every refresh; it belongs into the key of a query.
  turn: number;
  setRange: (r: { preset: range.Preset | ''; from: number; to: number }) => void;
  setRefresh: (r: Refresh) => void;
  setCurrency: (currency: string) => void;
  refreshNow: () => void;
}

export function usePeriod(fallbackRange: string, fallbackRefresh: string): Period {
  const place = usePlace();
  const { zone, session } = useApp();
  const home = session?.tenant.currency ?? '';
  const [turn, setTurn] = useState(0);
  const asked = place.search.get('refresh') ?? fallbackRefresh;
  const refresh: Refresh = (refreshes as readonly string[]).includes(asked) ? (asked as Refresh) : 'off';
  useEffect(() => {
    if (lengths[refresh] === 0) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && setTurn((n) => n + 1), lengths[refresh]);
    return () => clearInterval(timer);
  }, [refresh]);
  const words = ['range', 'from', 'to'].map((k) => place.search.get(k) ?? '').join('|');
  const current = useMemo(() => range.read(place.search, fallbackRange, Date.now(), zone), [words, fallbackRange, zone, turn]);
  return {
    range: current,
    refresh,
    currency: readCurrency(place.search, home),
    turn,
    setRange: (r) => place.go('?' + range.write(place.search, r).toString()),
    setRefresh: (r) => place.set({ refresh: r }, true),
    setCurrency: (currency) => place.set({ currency: writeCurrency(currency, home) }),
    refreshNow: () => setTurn((n) => n + 1),
  };
}
