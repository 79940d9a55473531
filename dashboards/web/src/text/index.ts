import { en } from './en.ts';
import { ru } from './ru.ts';

export type Lang = 'ru' | 'en';

// Texts is every sentence of the app; the compiler sees to it that both languages have all of them.
export type Texts = typeof ru;

export const texts: Record<Lang, Texts> = { ru, en };
