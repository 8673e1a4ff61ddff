/** One `format` of the closed list: enforced as an assertion on strings, in time linear in the text. */
export interface Format {
  /** For sentences: "must be …". */
  readonly phrase: string;
  test(text: string): boolean;
}

const dotAtom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const duration = /^P(?:\d+W|(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/;
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** RFC 3339 full-date that exists in the calendar. */
function isDate(text: string): boolean {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeapYear ? 29 : (daysOfMonth[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

/** RFC 3339 full-time with its offset; second 60 only where it is 23:59:60 in UTC. */
function isTime(text: string): boolean {
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text);
  if (!match) return false;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [offsetHour, offsetMinute] = [Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (offsetHour * 60 + offsetMinute) * (match[4] === "-" ? -1 : 1);
  return (((hour * 60 + minute - offset) % 1_440) + 1_440) % 1_440 === 1_439;
}

function isDateTime(text: string): boolean {
  return /^[Tt]$/.test(text.charAt(10)) && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

/** RFC 1123: labels of 1 to 63 letters, digits and inner hyphens, 253 characters at most, no dot at the end. */
function isHostname(text: string): boolean {
  return (
    text.length <= 253 && text.split(".").every((label) => label.length <= 63 && /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/.test(label))
  );
}

/** `local@domain` of RFC 5321 without quoting, the domain with at least one dot. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  const domain = text.slice(at + 1);
  return at >= 1 && at <= 64 && text.length <= 254 && dotAtom.test(text.slice(0, at)) && domain.includes(".") && isHostname(domain);
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** RFC 4291 text, the last 32 bits also as IPv4; no zone. */
function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const tail = groups.at(-1) ?? [];
  const last = tail.at(-1);
  const hasIpv4 = last !== undefined && last.includes(".");
  if (hasIpv4 && !isIpv4(last)) return false;
  const hexGroups = hasIpv4 ? [...groups.slice(0, -1).flat(), ...tail.slice(0, -1)] : groups.flat();
  if (!hexGroups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  const count = hexGroups.length + (hasIpv4 ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

/** RFC 3986 URI with a scheme. */
function isUri(text: string): boolean {
  const match = /^[A-Za-z][A-Za-z0-9+.-]*:([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text);
  if (!match) return false;
  const [, hierarchy = "", query = "", fragment = ""] = match;
  if (!isUriText(query.slice(1), "/?") || !isUriText(fragment.slice(1), "/?")) return false;
  if (!hierarchy.startsWith("//")) return isUriText(hierarchy, "/");
  const slash = hierarchy.indexOf("/", 2);
  const authority = slash === -1 ? hierarchy.slice(2) : hierarchy.slice(2, slash);
  return isAuthority(authority) && (slash === -1 || isUriText(hierarchy.slice(slash), "/"));
}

/** pchar of RFC 3986 with whole percent escapes, and some further characters. */
function isUriText(text: string, further: string): boolean {
  for (let position = 0; position < text.length; position += 1) {
    const char = text.charAt(position);
    if (char === "%") {
      if (!/^[0-9A-Fa-f]{2}$/.test(text.slice(position + 1, position + 3))) return false;
      position += 2;
    } else if (!/[A-Za-z0-9\-._~!$&'()*+,;=:@]/.test(char) && !further.includes(char)) return false;
  }
  return true;
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf("@");
  const user = authority.slice(0, Math.max(at, 0));
  if (user.includes("@") || !isUriText(user, "")) return false;
  const match = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(authority.slice(at + 1));
  const host = match?.[1];
  if (host === undefined) return false;
  if (!host.startsWith("[")) return !host.includes("@") && isUriText(host, "");
  const literal = host.slice(1, -1);
  return isIpv6(literal) || /^[Vv][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/.test(literal);
}

/** Every `format` that a schema may use; any other is refused by name at registration. */
export const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ["date-time", { phrase: "a date and time such as 2026-01-31T09:30:00Z", test: isDateTime }],
  ["date", { phrase: "a date such as 2026-01-31", test: isDate }],
  ["time", { phrase: "a time with its offset such as 09:30:00Z", test: isTime }],
  ["duration", { phrase: "a duration such as PT15M", test: (text) => duration.test(text) }],
  ["email", { phrase: "an e-mail address", test: isEmail }],
  ["hostname", { phrase: "a host name", test: isHostname }],
  ["ipv4", { phrase: "an IPv4 address", test: isIpv4 }],
  ["ipv6", { phrase: "an IPv6 address", test: isIpv6 }],
  ["uri", { phrase: "an absolute URI such as https://example.com/", test: isUri }],
  ["uuid", { phrase: "a UUID", test: (text) => uuid.test(text) }],
]);
