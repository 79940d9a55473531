// own is the word in the address for amounts as the clouds bill them, each currency by itself.
export const own = 'own';

// readCurrency takes the currency to convert to out of an address; '' converts nothing. Without a word it is the fallback.
export function readCurrency(search: URLSearchParams, fallback: string): string {
  const asked = search.get('currency') ?? '';
  if (asked === own) return '';
  return /^[A-Z]{3}$/.test(asked) ? asked : fallback;
}

// writeCurrency is the word for a choice; the fallback needs none.
export function writeCurrency(currency: string, fallback: string): string {
  if (currency === fallback) return '';
  return currency === '' ? own : currency;
}

// offered are the currencies to choose from: the tenant's first, then the usual ones, then the one that the address names.
export function offered(fallback: string, chosen: string): string[] {
  return [...new Set([fallback, 'RUB', 'USD', 'EUR', chosen])].filter(Boolean);
}
