import type { Resource } from '../api/types.ts';
import { useApp } from '../state/app.tsx';
import { Badge, Notice } from '../ui/basics.tsx';

// conditions are what can be wrong with a resource in itself, in the order to show them.
export const conditions = ['zombie', 'orphan'] as const;

const conditionOf = (r: Resource): string => r.attributes?.['condition'] ?? '';

// ConditionBadge says in a word what is wrong with a resource; nothing when nothing is.
export function ConditionBadge({ r }: { r: Resource }) {
  const { t } = useApp();
  const c = conditionOf(r);
  const word = t.types.conditions[c];
  return word ? <Badge tone={c === 'zombie' ? 'bad' : 'warn'} title={t.types.conditionAbout[c]}>{word}</Badge> : null;
}

// ConditionNotice says it in sentences, with what to do.
export function ConditionNotice({ r }: { r: Resource }) {
  const { t } = useApp();
  const text = t.types.conditionAbout[conditionOf(r)];
  return text ? <Notice tone="warn">{text}</Notice> : null;
}

// TagList shows the first few tags of a resource.
export function TagList({ r }: { r: Resource }) {
  const tags = Object.entries(r.tags ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (tags.length === 0) return null;
  const text = tags.map(([k, v]) => (v ? `${k}: ${v}` : k));
  return <div class="sub break" title={text.join('\n')}>{text.slice(0, 3).join(', ')}{text.length > 3 && ` +${text.length - 3}`}</div>;
}
