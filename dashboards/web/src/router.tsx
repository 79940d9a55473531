import { createContext, type ComponentChildren, type TargetedMouseEvent } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';

// Place is where in the app we are. The address carries all of it.
export interface Place {
  path: string;
  search: URLSearchParams;
  go: (to: string, replace?: boolean) => void;
  // set changes parameters of the address and stays on the page; an empty value removes one.
  set: (params: Record<string, string>, replace?: boolean) => void;
}

const PlaceContext = createContext<Place | null>(null);

export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (!place) throw new Error('usePlace outside of Router');
  return place;
}

export function Router({ children }: { children: ComponentChildren }) {
  const [href, setHref] = useState(location.pathname + location.search);
  useEffect(() => {
    const moved = () => setHref(location.pathname + location.search);
    addEventListener('popstate', moved);
    return () => removeEventListener('popstate', moved);
  }, []);
  const place = useMemo<Place>(() => {
    const url = new URL(href, location.origin);
    const go = (to: string, replace = false) => {
      const next = new URL(to, location.href);
      const changed = next.pathname !== location.pathname;
      if (replace) history.replaceState(null, '', next);
      else history.pushState(null, '', next);
      setHref(next.pathname + next.search);
      if (changed) {
        scrollTo(0, 0);
        document.getElementById('main')?.focus({ preventScroll: true });
      }
    };
    return {
      path: url.pathname,
      search: url.searchParams,
      go,
      set: (params, replace = false) => {
        const now = new URL(location.href);
        for (const [key, value] of Object.entries(params)) {
          if (value === '') now.searchParams.delete(key);
          else now.searchParams.set(key, value);
        }
        go(now.pathname + now.search, replace);
      },
    };
  }, [href]);
  return <PlaceContext.Provider value={place}>{children}</PlaceContext.Provider>;
}

// Link goes to a place of the app without loading the page anew; new tabs and other keys work as on any link.
export function Link(props: { to: string; class?: string; children: ComponentChildren; current?: boolean; label?: string; title?: string }) {
  const place = usePlace();
  const click = (e: TargetedMouseEvent<HTMLAnchorElement>) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    place.go(props.to);
  };
  return (
    <a href={props.to} class={props.class} onClick={click} aria-current={props.current ? 'page' : undefined} aria-label={props.label} title={props.title}>
      {props.children}
    </a>
  );
}
