import { useEffect, useRef, useState } from 'preact/hooks';

// Answer is what a question has brought so far. While a question is asked anew the old data stays.
export interface Answer<T> {
  data: T | undefined;
  error: unknown;
  busy: boolean;
  again: () => void;
}

// useQuery asks and keeps the answer; it asks anew when key changes, and every `every` milliseconds while the page
// is visible. An answer of an older key never overwrites a newer one. An empty key asks nothing.
export function useQuery<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, every = 0): Answer<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: unknown }>({ key: '' });
  const [turn, setTurn] = useState(0);
  const asked = useRef(ask);
  asked.current = ask;
  useEffect(() => {
    if (key === '') return;
    const stop = new AbortController();
    asked.current(stop.signal).then(
      (data) => !stop.signal.aborted && setState({ key, data }),
      (error: unknown) => !stop.signal.aborted && setState((old) => ({ key, data: old.data, error })),
    );
    return () => stop.abort();
  }, [key, turn]);
  useEffect(() => {
    if (every <= 0) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && setTurn((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [every]);
  return { data: state.data, error: state.key === key ? state.error : undefined, busy: key !== '' && state.key !== key, again: () => setTurn((n) => n + 1) };
}
