// What a person typed, in the one text by which the registry knows it: "phone:+66812345678".
// Read here and not by the server, so that the server never sees it. The rules are those of
// holdfast.core (phone, account, link) and holdfast.registry.subject.

const LENGTH_MAX = 2000;
const INVISIBLE = /\p{Cf}/gu;
const SEPARATORS = /[\s().\-\u2010-\u2015]/g;
const ACCOUNT = /^[A-Z]{2}\.[A-Z]{2,5}\.[0-9A-Z]+\.[0-9A-Za-z][0-9A-Za-z_-]{0,42}$/;
const HANDLE = /^([a-z][a-z0-9]{1,19})(?: *[:/] *| +)(\S.*)$/s;

export class Unreadable extends Error {}

// `place` tells of the centre's country: country, callingCode, trunk, numbers and accounts (patterns
// of its own ones), and successors (banks that were merged, by their former code).
export function subjectOf(typed, bank, place) {
  const text = typed.trim();
  if (!text || text.length > LENGTH_MAX || /[\0\p{Cs}]/u.test(text)) throw new Unreadable();
  if (bank) return account(`${bank}.${plain(text).replace(SEPARATORS, "")}`, place);
  if (/^[A-Z]{2}\.[A-Z]{2,5}\.[0-9A-Z]+\.\w/.test(text)) return account(text, place);
  // A document's number or a wallet is no name of a host, whose answer would be "not reported".
  if (/^(?:[A-Z]{2}\.[A-Z]{4}\.[0-9A-Z]*\d[0-9A-Z]*|(?:btc|bitcoin|eth|ethereum|tron|trx):.*)$/i.test(text)) throw new Unreadable();
  if (/^(?:[A-Z]{2}\.)?[+0-9(][^a-z./]*$/i.test(plain(text))) return phone(text, place);
  if (!text.includes("/") && text.includes(":")) return handle(text);
  return link(text);
}

// In compatibility form, without marks that nobody sees, the digits of any script as 0 to 9.
function plain(text) {
  const shown = text.normalize("NFKC").replace(INVISIBLE, "").trim();
  return shown.replace(/[๐-๙໐-໙០-៩၀-၉]/g, (digit) => String((digit.codePointAt(0) & 15) % 10));
}

function account(text, place) {
  const isOwn = text.startsWith(`${place.country}.`);
  const form = isOwn ? new RegExp(`^(?:${place.accounts})$`) : ACCOUNT;
  if (!form.test(text)) throw new Unreadable();
  const parts = text.split(".");
  const of = parts.slice(0, 3).join(".");
  if (/^\d[\d-]*$/.test(parts[3]) && parts[3].includes("-")) throw new Unreadable();
  return { kind: "account", key: `${place.successors[of] ?? of}.${parts[3]}` };
}

function phone(text, place) {
  const dialled = plain(text).replace(`${place.country}.`, "").replace(SEPARATORS, "");
  const found = /^(\+?)(\d{3,15})$/.exec(dialled);
  if (!found) throw new Unreadable();
  const [, plus, digits] = found;
  // As machines send it: 0066812345678.
  const isWire = digits.startsWith(`00${place.callingCode}`);
  const abroad = isWire ? digits.slice(2) : digits;
  if (plus && !abroad.startsWith(place.callingCode)) {
    if (abroad.length < 7 || abroad.startsWith("0")) throw new Unreadable();
    return { kind: "phone", key: `+${abroad}` };
  }
  const national = new RegExp(`^(?:${place.numbers})$`);
  const afterCode = withoutTrunk(abroad.slice(place.callingCode.length), place);
  const readings = plus || isWire ? [afterCode] : [withoutTrunk(digits, place), digits];
  if (digits.startsWith(place.callingCode)) readings.push(afterCode);
  for (const reading of readings) {
    if (national.test(reading)) return { kind: "phone", key: `+${place.callingCode}${reading}` };
  }
  if (plus || !/^[1-9]\d{2,5}$/.test(digits)) throw new Unreadable();
  return { kind: "phone", key: `${place.country}.${digits}` };
}

function withoutTrunk(digits, place) {
  return place.trunk && digits.startsWith(place.trunk) ? digits.slice(place.trunk.length) : digits;
}

function handle(text) {
  const name = text.normalize("NFKC").replace(INVISIBLE, "").toLowerCase().trim();
  const found = HANDLE.exec(name.split(/\s+/).join(" "));
  if (!found) throw new Unreadable();
  return { kind: "handle", key: `${found[1]}:${found[2]}` };
}

// The canonical form of Safe Browsing ("URLs and Hashing"), read as a browser reads a link.
export function link(text) {
  const shown = text.trim().replace(/[\t\r\n]/g, "").split("#")[0];
  const scheme = /^(?:h(?:tt|xx|\*\*)p)(s?)(?:\[:\/*\]|:)\/*/i.exec(shown.replaceAll("\\", "/"));
  const rest = scheme ? shown.slice(scheme[0].length) : shown;
  const authority = rest.split(/[/?\\]/)[0];
  const hostText = armed(authority);
  const isHostAlone = hostText.replaceAll("。", ".").replace(/^\.+|\.+$/g, "").includes(".") && !/[@\s]/.test(hostText);
  if (!scheme && (/^[a-z][a-z0-9+-]*:(?!\d)/i.test(shown) || !isHostAlone)) throw new Unreadable();
  const host = hostOf(hostText);
  if (!host) throw new Unreadable();
  const protocol = scheme?.[1] ? "https" : "http";
  return { kind: "link", key: `${protocol}://${host}${pathAndQuery(rest.slice(authority.length))}` };
}

const armed = (text) => text.replace(/\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}/gi, ".");

// UTF-8, one character a byte, so that escapes of single bytes can be undone.
const bytesIn = (text) => String.fromCharCode(...new TextEncoder().encode(text));

function unescaped(text) {
  let data = bytesIn(text);
  while (/%[0-9A-Fa-f]{2}/.test(data)) {
    data = data.replace(/%([0-9A-Fa-f]{2})/g, (_, pair) => String.fromCharCode(parseInt(pair, 16)));
  }
  return data;
}

function escaped(data, also = "") {
  const stays = (sign) => sign > " " && sign < "\x7f" && !`#%${also}`.includes(sign);
  const pair = (sign) => sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
  return Array.from(data, (sign) => (stays(sign) ? sign : `%${pair(sign)}`)).join("");
}

function hostOf(authority) {
  const named = authority.slice(authority.lastIndexOf("@") + 1);
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::\d*)?$/.exec(named);
  if (bracketed) return ipv6(bracketed[1]);
  const data = unescaped(named.replace(/:\d*$/, ""));
  const name = punycode(data).replace(/^\.+|\.+$/g, "").replace(/\.{2,}/g, ".");
  return ipv4(name) ?? name;
}

function punycode(data) {
  if (/^[0-9A-Za-z._-]*$/.test(data)) return data.toLowerCase();
  try {
    const bytes = Uint8Array.from(data, (sign) => sign.charCodeAt(0));
    const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (/[\x00-\x20#%/:?@[\\\]\x7f]/.test(name)) throw new Unreadable();
    return new URL(`http://${name}`).hostname;
  } catch {
    return escaped(data.toLowerCase(), "/\\?@:[]");
  }
}

function ipv4(host) {
  const parts = host.split(".");
  if (parts.length > 4 || !parts.every((part) => /^(?:0x[0-9a-f]*|\d+)$/.test(part))) return null;
  const numbers = parts.map(ipv4Part);
  const last = numbers.pop();
  if (last === null || numbers.some((number) => number === null || number > 255n)) return null;
  if (last >= 256n ** BigInt(4 - numbers.length)) return null;
  const whole = numbers.reduce((sum, number, at) => sum + (number << BigInt(8 * (3 - at))), last);
  return [24n, 16n, 8n, 0n].map((shift) => (whole >> shift) & 255n).join(".");
}

function ipv4Part(part) {
  if (part.length > 40) return null;
  if (part.startsWith("0x")) return BigInt(part === "0x" ? 0 : part);
  if (part.length > 1 && part.startsWith("0")) return /[89]/.test(part) ? null : BigInt(`0o${part}`);
  return BigInt(part);
}

function ipv6(inner) {
  let name;
  try {
    name = new URL(`http://[${inner}]`).hostname.slice(1, -1);
  } catch {
    return escaped(`[${inner.toLowerCase()}]`, "[]:");
  }
  const mapped = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name);
  if (!mapped) return `[${name}]`;
  return ipv4(String((BigInt(`0x${mapped[1]}`) << 16n) | BigInt(`0x${mapped[2]}`)));
}

function pathAndQuery(tail) {
  const data = unescaped(tail);
  const mark = data.indexOf("?");
  const path = mark < 0 ? data : data.slice(0, mark);
  const parts = path.replaceAll("\\", "/").replace(/^\//, "").split("/");
  if ([".", ".."].includes(parts.at(-1))) parts.push("");
  const kept = [];
  for (const part of parts) {
    if (part === "..") kept.pop();
    else if (part !== ".") kept.push(part);
  }
  const resolved = `/${kept.join("/")}`.replace(/\/{2,}/g, "/");
  return escaped(resolved + (mark < 0 ? "" : data.slice(mark)));
}
