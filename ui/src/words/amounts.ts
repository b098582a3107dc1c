/** Numbers, sizes and times as people read them. */
const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;
const whole = new Intl.NumberFormat("en");
const hundredths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS: readonly (readonly [number, Intl.RelativeTimeFormatUnit])[] = [
  [60, "second"],
  [60, "minute"],
  [24, "hour"],
];

export function count(value: number, one: string, many = `${one}s`): string {
  return `${whole.format(value)} ${value === 1 ? one : many}`;
}

export function number(value: number): string {
  return whole.format(value);
}

export function share(value: number): string {
  return value > 0 && value < 0.0005 ? "< 0.1 %" : `${hundredths.format(100 * value)} %`;
}

export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? "B"}`;
}

/** How long something will take, roughly, as one is told by a person. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

export function moment(iso: string): string {
  return day.format(new Date(iso));
}

/** "3 minutes ago", "in 2 days". */
export function sinceOrUntil(iso: string, now = Date.now()): string {
  let value = (new Date(iso).getTime() - now) / 1_000;
  for (const [size, unit] of STEPS) {
    if (Math.abs(value) < size) return ago.format(Math.round(value), unit);
    value /= size;
  }
  return ago.format(Math.round(value), "day");
}
