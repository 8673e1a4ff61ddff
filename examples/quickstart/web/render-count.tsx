import { useEffect, useRef, type ReactElement } from "react";

const litMs = 1_600;

/** Shows how often the component that holds it has rendered, and lights up when the number grows. */
export function RenderCount({ of }: { readonly of: string }): ReactElement {
  const mark = useRef<HTMLSpanElement>(null);
  // Without dependencies: it runs once for every time that the component above has rendered.
  useEffect(() => {
    if (mark.current) countOn(mark.current);
  });
  return <span ref={mark} className="renders" title={`How often ${of} has rendered`} aria-hidden="true" />;
}

/** React leaves the mark's text alone, so the count needs no state, whose change would be a render of its own. */
function countOn(mark: HTMLElement): void {
  const count = Number(mark.dataset["renders"] ?? 0) + 1;
  mark.dataset["renders"] = mark.textContent = String(count);
  if (count === 1 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const lit = { background: "var(--accent)", color: "var(--on-accent)", boxShadow: "0 0 0 5px var(--tint)" };
  mark.animate([lit, { ...lit, offset: 0.8 }], litMs);
}
