import type { Lang } from '../text/index.ts';
import { count } from './number.ts';

// Forms are a noun after a number: 1 ресурс, 2 ресурса, 5 ресурсов. English has one and many only.
export interface Forms {
  one: string;
  few?: string;
  many: string;
}

const rules = { ru: new Intl.PluralRules('ru-RU'), en: new Intl.PluralRules('en-GB') };

// form chooses the noun's form for n.
export function form(n: number, forms: Forms, lang: Lang): string {
  const category = rules[lang].select(n);
  if (category === 'one') return forms.one;
  if (category === 'few') return forms.few ?? forms.many;
  return forms.many;
}

// plural writes the number and the noun with a no-break space between.
export function plural(n: number, forms: Forms, lang: Lang): string {
  return count(n, lang) + '\u00a0' + form(n, forms, lang);
}
