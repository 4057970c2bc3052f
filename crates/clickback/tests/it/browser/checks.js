// What must be true of every page, asked in the page itself. Returns sentences about what is not.
// Arguments: the language the page must be in.

const [language] = arguments;
const problems = new Set();
const say = (element, what) => {
  const html = element.outerHTML.replace(/\s+/g, " ").slice(0, 160);
  problems.add(`${what}: ${html}`);
};
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = (element) =>
  element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
  element.getClientRects().length > 0;
// For screen readers only.
const unseen = (element) => element.closest(".unseen, .announce");

// The document
if (document.documentElement.lang !== language) problems.add(`lang is ${document.documentElement.lang}`);
if (!document.title.trim()) problems.add("no title");
if (document.querySelectorAll("main").length !== 1) problems.add("not exactly one main");
const ids = new Set();
for (const element of all("[id]")) {
  if (ids.has(element.id)) say(element, "id used twice");
  ids.add(element.id);
}
for (const element of all("[aria-labelledby], [aria-describedby], [aria-controls], [for]")) {
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls", "for"]) {
    for (const id of (element.getAttribute(name) ?? "").split(/\s+/).filter(Boolean)) {
      if (!ids.has(id)) say(element, `${name} names nothing`);
    }
  }
}

// Headings
const headings = all("h1, h2, h3, h4, h5, h6").filter(shown);
if (headings.filter((one) => one.tagName === "H1").length !== 1) problems.add("not exactly one h1");
let level = 0;
for (const heading of headings) {
  const own = Number(heading.tagName[1]);
  if (own > level + 1) say(heading, `heading of level ${own} after ${level}`);
  level = own;
  if (!heading.textContent.trim()) say(heading, "empty heading");
}

// Names
const wordsOf = (element) => {
  let words = "";
  for (const node of element.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) words += node.textContent;
    else if (node.nodeType === Node.ELEMENT_NODE && node.getAttribute("aria-hidden") !== "true") {
      words += node.getAttribute("aria-label") ?? node.getAttribute("alt") ?? wordsOf(node);
    }
  }
  return words;
};
const nameOf = (element) => {
  const by = element.getAttribute("aria-labelledby");
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
  if (element.labels?.length) return [...element.labels].map(wordsOf).join(" ");
  const words = element.matches("input, select, textarea") ? "" : wordsOf(element);
  return words.trim() ? words : element.title;
};
const CONTROLS = "input:not([type=hidden]), select, textarea, button, a[href], summary, dialog, [role=group], nav";
for (const control of all(CONTROLS)) {
  // One nav needs no name; two do.
  if (control.matches("nav") && document.querySelectorAll("nav").length < 2) continue;
  if (!nameOf(control).trim()) say(control, "has no accessible name");
}
for (const label of all("label")) if (!label.control) say(label, "label of nothing");
for (const image of all("img")) if (!image.hasAttribute("alt")) say(image, "image without alt");
for (const picture of all("svg")) {
  const hidden = picture.closest("[aria-hidden=true], [role=presentation]");
  const named = picture.getAttribute("role") === "img" && nameOf(picture).trim();
  if (!hidden && !named) say(picture, "svg neither hidden nor named");
}
for (const element of all("[aria-hidden=true] a[href], [aria-hidden=true] button, [aria-hidden=true] input")) {
  say(element, "can be focused but is hidden from screen readers");
}
for (const element of all("[aria-invalid=true]")) {
  if (!element.getAttribute("aria-describedby")) say(element, "is invalid and does not say why");
}
for (const cell of all("th")) {
  if (!cell.scope) say(cell, "table heading without scope");
  if (!cell.closest("thead") || cell.textContent.trim()) continue;
  if (shown(cell)) say(cell, "empty table heading");
}
for (const element of all("[tabindex]")) if (element.tabIndex > 0) say(element, "positive tabindex");

// Nothing is wider than its room; rows of tabs and tables of the guide scroll on purpose.
for (const element of [document.documentElement, document.body, ...all("body *")]) {
  if (element.scrollWidth <= element.clientWidth + 1 || !element.clientWidth) continue;
  const root = element === document.documentElement;
  const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowX);
  if ((root || scrolls) && !element.closest("nav, textarea, select, .wide") && shown(element)) {
    const edge = element.getBoundingClientRect().left + element.clientWidth;
    const guilty = [...element.querySelectorAll("*")].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 0 && box.right > edge + 1 && shown(one);
    });
    say(element, `${element.scrollWidth - element.clientWidth} px too wide`);
    for (const one of [guilty[0], guilty.at(-1)]) if (one) say(one, "sticks out");
  }
}

// Contrast of text, AA
const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const colors = new Map();
const read = (text) => {
  if (!colors.has(text)) {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = text;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
    colors.set(text, [r, g, b, a / 255]);
  }
  return colors.get(text);
};
const over = ([r, g, b, a], under) =>
  [r, g, b].map((channel, at) => channel * a + under[at] * (1 - a)).concat(1);
const luminance = (color) => {
  const [r, g, b] = color.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const grounds = new Map();
const ground = (element) => {
  if (!element) return read(getComputedStyle(document.documentElement).colorScheme === "dark" ? "#121212" : "#fff");
  if (!grounds.has(element)) {
    grounds.set(element, over(read(getComputedStyle(element).backgroundColor), ground(element.parentElement)));
  }
  return grounds.get(element);
};
const opacities = new Map([[null, 1]]);
const opacity = (element) => {
  if (!opacities.has(element)) {
    opacities.set(element, Number(getComputedStyle(element).opacity) * opacity(element.parentElement));
  }
  return opacities.get(element);
};
const judge = (element, style, what) => {
  const [r, g, b, a] = read(style.color);
  const behind = ground(element);
  const ratio = contrast(over([r, g, b, a * opacity(element)], behind), behind);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5)) say(element, `${what} contrast ${ratio.toFixed(2)}`);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const seen = new Set();
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || seen.has(element)) continue;
  seen.add(element);
  if (element.closest("script, style, noscript, option, :disabled, [aria-disabled=true]")) continue;
  if (!shown(element) || unseen(element)) continue;
  judge(element, getComputedStyle(element), "text");
}
for (const field of all("input, textarea, select, button")) {
  if (!shown(field) || unseen(field) || field.matches(":disabled")) continue;
  if (field.value) judge(field, getComputedStyle(field), "value");
  if (field.placeholder) judge(field, getComputedStyle(field, "::placeholder"), "placeholder");
}
return [...problems];
