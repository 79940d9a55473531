import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

// PageHead is the heading of a page with its actions, and names the browser's tab.
export function PageHead({ title, about, children, back }: { title: string; about?: string; children?: ComponentChildren; back?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · InfraZen`;
  }, [title]);
  return (
    <header class="page-head">
      <div class="page-title">
        {back}
        <h1>{title}</h1>
        {about && <p class="mute">{about}</p>}
      </div>
      <div class="page-actions">{children}</div>
    </header>
  );
}

export function Card({ title, children, actions, class: name }: { title?: ComponentChildren; children: ComponentChildren; actions?: ComponentChildren; class?: string }) {
  return (
    <section class={`card ${name ?? ''}`}>
      {title && <header class="card-head"><h2>{title}</h2>{actions}</header>}
      {children}
    </section>
  );
}
