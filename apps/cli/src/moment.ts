/** A place in history as people name it: a revision, or a time. */
export type Moment = { readonly revision: number } | { readonly at: string };

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
export const momentForms = "a revision (412), a time today (14:03), a time ago (2h, 30m, 1d) or an RFC 3339 time";

/** Reads a revision, "14:03" (the last time the clock showed it), "2h" (ago) or an RFC 3339 time; `undefined` for anything else. */
export function readMoment(text: string, now: number): Moment | undefined {
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return { revision: Number(text) };
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return instant(now - Number(amount) * unitMs[unit as keyof typeof unitMs]);
  const [, hours, minutes, seconds = "0"] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? [];
  if (hours !== undefined && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60) {
    const clock = new Date(now);
    clock.setHours(Number(hours), Number(minutes), Number(seconds), 0);
    if (clock.getTime() > now) clock.setDate(clock.getDate() - 1);
    return instant(clock.getTime());
  }
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  return isInstant && !Number.isNaN(Date.parse(text)) ? instant(Date.parse(text)) : undefined;
}

function instant(epochMs: number): Moment {
  return { at: new Date(epochMs).toISOString() };
}
