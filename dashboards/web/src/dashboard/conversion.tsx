import type { CostAnswer } from '../api/types.ts';
import { useApp } from '../state/app.tsx';
import { useQuery } from '../state/query.ts';
import { Icon } from '../ui/icons.tsx';
import type { View } from './view.ts';

// useForeign tells whether charges are billed in other currencies than the one shown: only then is there anything to convert.
export function useForeign(currency: string): boolean {
  const { client } = useApp();
  const billed = useQuery(currency === '' ? '' : 'currencies', (signal) => client.values('currency', '', signal));
  return currency !== '' && (billed.data ?? []).some((k) => k.value !== currency);
}

// Conversion says by which rate a panel's sums are converted, and what had no rate and stands by itself.
export function Conversion({ answer, view }: { answer: CostAnswer | undefined; view: View }) {
  const { t } = useApp();
  if (view.currency === '' || !answer || answer.totals.length === 0) return null;
  const left = (answer.unconverted ?? []).map((c) => c || t.common.empty);
  if (left.length > 0) {
    return <p class="age conversion"><Icon name="warn" size={14} /><span title={t.currency.rule}>{t.currency.unconverted(left.join(', '))}</span></p>;
  }
  return view.foreign ? <p class="age conversion" title={t.currency.rule}>{t.currency.converted(view.currency)}</p> : null;
}
