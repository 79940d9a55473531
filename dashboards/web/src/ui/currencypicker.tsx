import { useRef, useState } from 'preact/hooks';
import { useApp } from '../state/app.tsx';
import { offered } from '../state/currency.ts';
import type { Period } from '../state/period.tsx';
import { useOutside } from './basics.tsx';
import { Icon } from './icons.tsx';

// CurrencyPicker chooses the currency that amounts are shown in, and tells by which rate they are converted.
export function CurrencyPicker({ period }: { period: Period }) {
  const { t, session } = useApp();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const close = () => { setOpen(false); box.current?.querySelector('button')?.focus(); };
  useOutside(box, open, () => setOpen(false));
  const name = (code: string) => (code === '' ? t.currency.own : (t.currency.names[code] ?? code));
  const pick = (code: string) => { period.setCurrency(code); close(); };
  return (
    <div class="menu" ref={box} onKeyDown={(e) => { if (e.key === 'Escape' && open) { e.stopPropagation(); close(); } }}>
      <button type="button" class="button plain" aria-haspopup="dialog" aria-expanded={open} title={t.currency.label} onClick={() => setOpen(!open)} data-testid="currency">
        <span>{period.currency || t.currency.ownShort}</span><Icon name="down" size={14} />
      </button>
      {open && (
        <div class="popover currency" role="dialog" aria-label={t.currency.label}>
          <ul class="presets">
            {[...offered(session!.tenant.currency, period.currency), ''].map((code) => (
              <li key={code}><button type="button" aria-pressed={code === period.currency} onClick={() => pick(code)}>{name(code)}</button></li>
            ))}
          </ul>
          <p class="help">{t.currency.rule}</p>
        </div>
      )}
    </div>
  );
}
