import { money, type Detail } from '../format/money.ts';
import { ago, full, known, moment } from '../format/time.ts';
import { useApp } from '../state/app.tsx';

// Money shows an amount; the exact decimal is in the element's value and in its title.
export function Money({ amount, currency, detail, class: name }: { amount: string; currency: string; detail?: Detail; class?: string }) {
  const { lang } = useApp();
  return <data class={`money ${name ?? ''}`} value={amount} title={money(amount, currency, lang)}>{money(amount, currency, lang, detail)}</data>;
}

// When shows a time as a moment in the tenant's zone, with the age in its title.
export function When({ at, never }: { at: string | null | undefined; never: string }) {
  const { lang, zone } = useApp();
  if (!known(at)) return <span class="mute">{never}</span>;
  const time = Date.parse(at);
  return <time dateTime={at} title={`${full(time, lang, zone, true)} · ${ago(time, lang)}`}>{moment(time, lang, zone)}</time>;
}
