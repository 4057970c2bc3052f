// The links as the server makes them: macros of any style, postback URLs, final URLs with parameters,
// and filling our macros. The rules are those of clickback-core's macros.rs and link.rs; one table of
// cases (crates/clickback-core/testdata/links.json) is run through both.

const MAX_NAME = 128;
const MAX_URL = 8000;
const WHITE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const EDGES = new RegExp(`^[${WHITE}]+|[${WHITE}]+$`, "gu");
const BLANK = new RegExp(`[${WHITE}]|\\p{Cc}`, "u");
const BLANKS = new RegExp(`[\\\\${WHITE}]`, "gu");
const utf8 = new TextEncoder();
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

const trim = (text) => text.replace(EDGES, "");
const trimAscii = (text) => text.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, "");
const bytes = (text) => utf8.encode(text).length;
const isNameChar = (c) => c !== undefined && /[A-Za-z0-9_.:\\-]/.test(c);

/// Percent-encodes all but the unreserved characters of RFC 3986.
function encoded(text) {
  const well = text.toWellFormed ? text.toWellFormed() : text.replace(/\p{Cs}/gu, "\ufffd");
  return encodeURIComponent(well)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decoded(text) {
  if (!text.includes("%")) return text;
  const out = [];
  const source = utf8.encode(text);
  for (let at = 0; at < source.length; at++) {
    const hex = source[at] === 37 ? String.fromCharCode(...source.slice(at + 1, at + 3)) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      out.push(parseInt(hex, 16));
      at += 2;
    } else {
      out.push(source[at]);
    }
  }
  return lossy.decode(new Uint8Array(out));
}

/// Reads the inside of `{{…}}`; null if it is not one of ours.
export function parseOurs(inside) {
  const text = trim(inside);
  const lower = text.toLowerCase();
  if (lower === "name") return { kind: "name" };
  const dot = text.indexOf(".");
  if (dot < 0) return null;
  const group = lower.slice(0, dot);
  const key = text.slice(dot + 1);
  const isKey = (one) => /^[A-Za-z0-9_.-]{1,64}$/.test(one);
  const tracker = (one) => {
    if (one.toLowerCase() === "clickid") return { kind: "clickid" };
    return isKey(one) ? { kind: "tracker", key: one } : null;
  };
  if (group === "tracker") return tracker(key);
  if (group === "fields") return isKey(key) ? { kind: "field", key: key.toLowerCase() } : null;
  if (group === "lead") return { name: { kind: "name" }, id: { kind: "id" } }[key] ?? null;
  if (group === "chat") {
    const second = key.indexOf(".");
    if (second < 0 || key.slice(0, second).toLowerCase() !== "tracker") return null;
    return tracker(key.slice(second + 1));
  }
  return null;
}

function isGuid(name) {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(name) || /^[0-9a-f]{32}$/i.test(name);
}

function token(text, at, plain, code) {
  if (text[at] === plain) return 1;
  return text[at] === "%" && text.slice(at, at + 3).toLowerCase() === code ? 3 : 0;
}
const opening = (text, at) => token(text, at, "{", "%7b");
const closing = (text, at) => token(text, at, "}", "%7d");

/// The brace macro that starts exactly here.
function braceAt(text, at) {
  const dollar = text[at] === "$" ? 1 : 0;
  const first = opening(text, at + dollar);
  if (!first) return null;
  let start = at + dollar + first;
  const second = opening(text, start);
  const double = !dollar && second > 0;
  if (double) start += second;
  let end = start;
  while (isNameChar(text[end]) || (text[end] !== undefined && " ,|/".includes(text[end]))) end++;
  const name = trimAscii(text.slice(start, end));
  if (name.length > MAX_NAME || !/^[A-Za-z_]/.test(name) || name.includes(" ") || isGuid(name)) return null;
  const close = closing(text, end);
  if (!close) return null;
  let after = end + close;
  let style = dollar ? "dollar_brace" : "brace";
  if (double) {
    const closeAgain = closing(text, after);
    if (!closeAgain) return null;
    after += closeAgain;
    style = "double_brace";
  }
  return { end: after, style, from: start, to: end };
}

/// Where the name that starts here ends; -1 if there is no name.
function nameEnd(text, start) {
  let end = start;
  while (isNameChar(text[end])) end++;
  const name = text.slice(start, end);
  return name.length <= MAX_NAME && /^[A-Za-z_]/.test(name) ? end : -1;
}

function percentAt(text, at) {
  const isEscape = (place) => /^[0-9a-f]{2}$/i.test(text.slice(place + 1, place + 3));
  const end = nameEnd(text, at + 1);
  if (end < 0 || text[end] !== "%" || (isEscape(at) && isEscape(end))) return null;
  return { end: end + 1, style: "percent", from: at + 1, to: end };
}

function hashAt(text, at) {
  const end = nameEnd(text, at + 1);
  return end >= 0 && text[end] === "#" ? { end: end + 1, style: "hash", from: at + 1, to: end } : null;
}

function squareAt(text, at) {
  const before = text.slice(0, at);
  if (/[A-Za-z0-9_\]]$/.test(before) || before.endsWith("//") || before.endsWith("@")) return null;
  let open = 0;
  while (open < 3 && text[at + open] === "[") open++;
  const start = at + open;
  const end = nameEnd(text, start);
  if (end < 0) return null;
  let close = 0;
  while (close < open && text[end + close] === "]") close++;
  if (close < open) return null;
  return { end: end + open, style: open === 3 ? "triple_square" : "square", from: start, to: end };
}

function wordAt(text, at) {
  if (at > 0 && text[at - 1] !== "=") return null;
  const word = ["REPLACE", "OPTIONAL"].find((one) => text.startsWith(one, at));
  if (!word) return null;
  const end = at + word.length;
  return text[end] === undefined || "&#".includes(text[end]) ? { end, style: "word", from: at, to: end } : null;
}

/// All macros of a text in order: start, end, style, name, ours.
export function find(text) {
  const found = [];
  let at = 0;
  while (at < text.length) {
    let hit = null;
    switch (text[at]) {
      case "{": case "$": hit = braceAt(text, at); break;
      case "%": hit = braceAt(text, at) ?? percentAt(text, at); break;
      case "#": hit = hashAt(text, at); break;
      case "[": hit = squareAt(text, at); break;
      case "R": case "O": hit = wordAt(text, at); break;
    }
    if (!hit) { at++; continue; }
    const name = trim(text.slice(hit.from, hit.to)).replaceAll("\\", "");
    const ours = hit.style === "double_brace" && parseOurs(name) !== null;
    found.push({ start: at, end: hit.end, style: hit.style, name, ours });
    at = hit.end;
  }
  return found;
}

const plainMacro = (text) => text.replace(BLANKS, "");

/// Macros raw, the rest percent-encoded.
function pushed(text) {
  let out = "";
  let at = 0;
  for (const one of find(text)) {
    out += encoded(text.slice(at, one.start)) + plainMacro(text.slice(one.start, one.end));
    at = one.end;
  }
  return out + encoded(text.slice(at));
}

/// A partner's parameter as the partner's macro, in the pattern of its other macros.
export function macroOf(param, pattern) {
  const shape = pattern.includes("macro") ? pattern : "{macro}";
  return shape.replace("macro", () => trim(param));
}

/// How a macro is written, as a pattern for others; null if the text is not one macro.
export function patternOf(text) {
  const whole = trim(text);
  const [only, more] = find(whole);
  if (!only || more || only.start !== 0 || only.end !== whole.length || only.style === "word") return null;
  return whole.replaceAll("\\", "").replace(only.name, "macro");
}

/// The URL to paste at the partner. `form` is how the partner can call it.
export function postbackUrl({ public_url, uuid, event, clickid, params, form = "macros" }) {
  let url = `${trim(public_url).replace(/\/+$/, "")}/api/postbacks/${uuid}/tracker-postback`;
  if (form === "bare") return url;
  if (form === "path") return `${url}/${pushed(trim(event))}`;
  url += `?tracker.event=${pushed(trim(event))}`;
  if (form === "macros") url += `&clickid=${pushed(trim(clickid))}`;
  for (const [rawName, rawValue] of params) {
    const [name, value] = [trim(rawName), trim(rawValue)];
    if (!name || !value || (form === "constants" && find(value).length)) continue;
    url += `&${pushed(name)}=${pushed(value)}`;
  }
  return url;
}

/// Undoes what a copied page does to a link.
function repair(base) {
  let text = base.replace(/\\+([^\\]|$)/gsu, (whole, next) => (next === "" || "{}_&=#?".includes(next) ? next : whole));
  text = text.split("&").map((piece) => piece.replace(/^(amp;)+/, "")).join("&");
  let clean = "";
  let at = 0;
  for (const one of find(text)) {
    clean += text.slice(at, one.start);
    clean += one.ours ? `{{${one.name}}}` : plainMacro(text.slice(one.start, one.end));
    at = one.end;
  }
  return clean + text.slice(at);
}

class Refused extends Error {
  constructor(code, values = {}) {
    super(code);
    this.problem = { code, ...values };
  }
}

/// Every `{{` must open a macro of ours.
function checkMacros(text) {
  let rest = text;
  for (;;) {
    let at = rest.indexOf("{{");
    if (at < 0) return;
    at += rest.slice(at).match(/^\{+/)[0].length - 2;
    const brace = braceAt(rest, at);
    const inside = brace && rest.slice(at, brace.end).replace(/^[{}]+|[{}]+$/g, "").replaceAll("\\", "");
    if (!brace || !parseOurs(inside)) {
      const open = rest.slice(at).replace(/^\{+/, "");
      const name = open.split("}}")[0].split(/[&#?/]/)[0];
      throw new Refused("unknown_macro", { name: [...trim(name)].slice(0, 64).join("") });
    }
    rest = rest.slice(brace.end);
  }
}

function macroInHost(base, one) {
  return new Refused("macro_in_host", { name: base.slice(one.start, one.end) });
}

function schemeOf(base, found) {
  const noScheme = () => new Refused("no_scheme", { name: base.replace(/^\/+/, "") });
  const headEnd = base.search(/[/?#]/);
  const head = headEnd < 0 ? base : base.slice(0, headEnd);
  const colon = head.indexOf(":");
  if (colon < 0) throw noScheme();
  const scheme = head.slice(0, colon);
  const rest = head.slice(colon + 1);
  if (found[0] && found[0].start <= scheme.length) throw macroInHost(base, found[0]);
  const hasSlashes = rest === "" && base.slice(head.length).startsWith("//");
  const isHttp = /^https?$/i.test(scheme);
  if (isHttp && hasSlashes) return scheme;
  if (isHttp) throw new Refused("not_a_url");
  if (!hasSlashes && (scheme.includes(".") || /^[0-9]/.test(rest))) throw noScheme();
  if (/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme)) throw new Refused("not_http", { name: scheme });
  throw noScheme();
}

function checkHost(base, start, found) {
  const length = base.slice(start).search(/[/?#\\]/);
  const end = length < 0 ? base.length : start + length;
  const inside = found.find((one) => one.start < end || (one.start === end && end === start));
  if (inside) throw macroInHost(base, inside);
  const authority = base.slice(start, end);
  const brace = authority.search(/[{}]/);
  if (brace >= 0) throw new Refused("macro_in_host", { name: authority.slice(brace) });
  if (!authority || BLANK.test(authority)) throw new Refused("not_a_url");
  try {
    if (!new URL(`https://${authority}/`).hostname) throw new Error();
  } catch {
    throw new Refused("not_a_url");
  }
}

/// A base URL, cut as text.
function cut(base) {
  if (!base) throw new Refused("blank");
  const found = find(base);
  const scheme = schemeOf(base, found);
  checkHost(base, scheme.length + 3, found);
  if (BLANK.test(base)) throw new Refused("not_a_url");
  const outside = (at) => !found.some((one) => one.start <= at && at < one.end);
  const place = (text, mark) => {
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) if (outside(at)) return at;
    return -1;
  };
  const hash = place(base, "#");
  const before = hash < 0 ? base : base.slice(0, hash);
  const question = place(before, "?");
  return {
    isPlainHttp: /^http$/i.test(scheme),
    beforeQuery: question < 0 ? before : before.slice(0, question),
    query: (question < 0 ? "" : before.slice(question + 1)).split("&").filter(Boolean),
    fragment: hash < 0 ? null : base.slice(hash + 1),
  };
}

function isClickid(value) {
  const whole = trim(value);
  if (!whole.startsWith("{{") || !whole.endsWith("}}") || whole.length < 4) return false;
  return parseOurs(whole.slice(2, -2))?.kind === "clickid";
}

/// Whether a value holds our clickid and something else.
function isAroundClickid(value) {
  return !isClickid(value) && find(value).some((one) => one.ours && parseOurs(one.name)?.kind === "clickid");
}

const isField = (name) => name.startsWith("fields.") || name.startsWith("details.");

/// The base URL with `param={{tracker.clickid}}` and the extra parameters:
/// `{ url, added: [[start, end]], warnings: [{ code, … }] }`, or `{ error: { code, … } }`.
export function finalUrl(base, clickidParam, extra) {
  try {
    return build(base, clickidParam, extra);
  } catch (error) {
    if (error instanceof Refused) return { error: error.problem };
    throw error;
  }
}

function build(rawBase, rawParam, extra) {
  const param = trim(rawParam);
  if (!/^[A-Za-z0-9\-._~:$@!*]{1,64}$/.test(param)) throw new Refused("bad_clickid_param", { name: param });
  const length = extra.reduce((sum, [name, value]) => sum + bytes(name) + bytes(value), bytes(rawBase));
  if (length > MAX_URL) throw new Refused("too_long");
  const base = repair(trim(rawBase));
  const parts = cut(base);
  checkMacros(base);
  for (const [name, value] of extra) {
    checkMacros(name);
    checkMacros(value);
  }
  const warnings = [];
  if (parts.isPlainHttp) warnings.push({ code: "plain_http" });
  const want = (name, value) => ({ name, value, text: pushed(value), done: false });
  const wanted = [want(param, "{{tracker.clickid}}")];
  for (const [rawName, rawValue] of extra) {
    const [name, value] = [trim(rawName), trim(rawValue)];
    if (!name) continue;
    if (name === param) {
      if (!isClickid(value)) warnings.push({ code: "replaced", name, old: value });
      continue;
    }
    const at = wanted.findIndex((one) => one.name === name);
    if (at < 0) wanted.push(want(name, value));
    else wanted[at] = want(name, value);
  }

  let url = `${parts.beforeQuery}?`;
  const added = [];
  let isFirst = true;
  const separate = () => {
    if (!isFirst) url += "&";
    isFirst = false;
  };
  const write = (one) => {
    one.done = true;
    const start = url.length;
    url += `${pushed(one.name)}=${one.text}`;
    added.push([start, url.length]);
  };
  const warnOfFields = (name, value) => {
    if (isField(name)) warnings.push({ code: "fields_in_link", name, value });
  };
  for (const piece of parts.query) {
    const equals = piece.indexOf("=");
    const name = decoded(equals < 0 ? piece : piece.slice(0, equals));
    const value = equals < 0 ? "" : piece.slice(equals + 1);
    const one = wanted.find((candidate) => candidate.name === name);
    if (!one) {
      warnOfFields(name, value);
      separate();
      url += piece;
      continue;
    }
    if (!one.done && one.name === param && isAroundClickid(decoded(value))) {
      one.done = true;
      separate();
      url += piece;
      continue;
    }
    const isSame = value === one.text || decoded(value) === one.value || (isClickid(value) && isClickid(one.value));
    if (value && !isSame) warnings.push({ code: "replaced", name, old: value });
    if (!one.done) {
      separate();
      write(one);
    }
  }
  for (const one of wanted.filter((candidate) => !candidate.done)) {
    separate();
    write(one);
  }
  for (const one of wanted) warnOfFields(one.name, one.value);
  if (parts.fragment !== null) {
    if (/^[/!]/.test(parts.fragment) || parts.fragment.includes("?")) warnings.push({ code: "before_fragment" });
    url += `#${parts.fragment}`;
  }
  if (bytes(url) > MAX_URL) throw new Refused("too_long");
  for (const one of find(url)) {
    if (one.style === "brace" && one.name.includes(".") && parseOurs(one.name)) {
      warnings.push({ code: "single_braces", name: one.name });
    }
  }
  return { url, added, warnings };
}

/// Fills our macros; everything else stays as it is. `value` gives a text or nothing for one of ours.
export function render(finalUrlText, value) {
  let url = "";
  let rest = finalUrlText;
  for (let at = rest.indexOf("{{"); at >= 0; at = rest.indexOf("{{")) {
    const brace = braceAt(rest, at);
    const inside = brace && rest.slice(at, brace.end).replace(/^[{}]+|[{}]+$/g, "").replaceAll("\\", "");
    const ours = inside ? parseOurs(inside) : null;
    if (!ours) {
      url += rest.slice(0, at + 1);
      rest = rest.slice(at + 1);
      continue;
    }
    url += rest.slice(0, at) + encoded(value(ours) ?? "");
    rest = rest.slice(brace.end);
  }
  return url + rest;
}

/// A link in coloured parts, as the server cuts it: pairs of `{ added, parts: [{ class, text }] }`.
export function paint(url, added = []) {
  const parts = [];
  const push = (kind, text) => {
    if (!text) return;
    const last = parts.at(-1);
    if (last && last.class === kind) last.text += text;
    else parts.push({ class: kind, text });
  };
  const withMacros = (kind, text) => {
    let at = 0;
    for (const one of find(text)) {
      push(kind, text.slice(at, one.start));
      push(one.ours ? "c-ours" : "c-macro", text.slice(one.start, one.end));
      at = one.end;
    }
    push(kind, text.slice(at));
  };
  const question = url.indexOf("?");
  withMacros("c-base", question < 0 ? url : url.slice(0, question));
  const query = question < 0 ? "" : url.slice(question);
  (query.match(/[^?&]*[?&]|[^?&]+$/g) ?? []).forEach((piece, at) => {
    const mark = /[?&]$/.test(piece) ? piece.slice(-1) : "";
    const pair = mark ? piece.slice(0, -1) : piece;
    if (at > 0 || pair) {
      const equals = pair.indexOf("=");
      push("c-name", equals < 0 ? pair : pair.slice(0, equals));
      if (equals >= 0) {
        push("c-mark", "=");
        withMacros("", pair.slice(equals + 1));
      }
    }
    push("c-mark", mark);
  });
  const pairs = [{ added: false, parts: [] }];
  let at = 0;
  for (const part of parts) {
    const pair = pairs.at(-1);
    pair.parts.push(part);
    pair.added ||= added.some(([start, end]) => start <= at && at < end);
    at += part.text.length;
    if (part.class === "c-mark" && /[&?]$/.test(part.text)) pairs.push({ added: false, parts: [] });
  }
  return pairs.filter((pair) => pair.parts.length);
}

/// Puts a painted link into a code box and its copy button.
export function show(box, url, added) {
  const code = box.querySelector("code");
  const spans = paint(url, added).map((pair) => {
    const span = document.createElement("span");
    span.className = pair.added ? "pair added" : "pair";
    for (const part of pair.parts) {
      if (!part.class) span.append(part.text);
      else span.append(Object.assign(document.createElement("span"), { className: part.class, textContent: part.text }));
    }
    return span;
  });
  code.replaceChildren(...spans);
  const copy = box.querySelector("[data-copy]");
  if (copy) copy.dataset.copy = url;
}
