// The form of a registration link: the Final URL changes while one types; another lead or integration is
// asked of the server.

import { finalUrl, find, render, show } from "./url-preview.js";

const form = document.querySelector("[data-link-form]");
const holder = document.querySelector("[data-link-preview]");
const button = form.querySelector("[data-preview-button]");
if (button) button.hidden = true;

function escaped(text) {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function filled(sentence, name, value) {
  return sentence.replaceAll("⟦name⟧", () => escaped(name)).replaceAll("⟦value⟧", () => escaped(value));
}

function extra() {
  const names = [...form.querySelectorAll("[name=param]")];
  const values = [...form.querySelectorAll("[name=value]")];
  return names
    .map((input, at) => [input.value.trim(), values[at].value.trim()])
    .filter(([name, value]) => name || value);
}

function update() {
  const part = holder.querySelector("[data-preview]");
  const data = JSON.parse(part.dataset.preview);
  const base = form.elements.base_url.value;
  const made = finalUrl(base, data.param, extra());
  const blank = base.trim() === "";
  const error = part.querySelector("[data-error]");
  const final = part.querySelector("[data-final]");
  const rendered = part.querySelector("[data-rendered]");
  part.querySelector("[data-blank]").hidden = !blank;
  error.hidden = blank || !made.error;
  if (made.error) error.innerHTML = filled(data.errors[made.error.code], made.error.name ?? "", "");
  final.hidden = Boolean(made.error);
  if (rendered) rendered.hidden = Boolean(made.error);
  // A copy button comes from the server with the first link.
  if (!made.error && !final.querySelector("[data-copy]")) return void ask();
  if (!made.error) show(final, made.url, made.added);
  if (!made.error && rendered && data.lead) {
    const { clickid, name, id, fields } = data.lead;
    const value = (wanted) => ({ clickid, name, id, field: fields[wanted.key] })[wanted.kind];
    show(rendered, render(made.url, value));
  }
  if (!made.error && !rendered && data.lead) return void ask();
  const notes = (made.warnings ?? []).map((warning) => {
    const value = warning.old ?? warning.value ?? "";
    const item = document.createElement("li");
    item.className = "warn";
    item.dataset.code = warning.code;
    const sentence = document.createElement("p");
    sentence.innerHTML = filled(data.warnings[warning.code], warning.name ?? "", value);
    if (warning.code === "fields_in_link" && data.may_move && find(value).length) {
      const key = warning.name.slice(warning.name.indexOf(".") + 1);
      const move = document.createElement("button");
      Object.assign(move, { className: "link-button", type: "submit", name: "do", value: `move:${key}`, formNoValidate: true });
      move.innerHTML = filled(data.move, key, value);
      sentence.append(" ", move);
    }
    item.append(sentence);
    return item;
  });
  part.querySelector("[data-notes]").replaceChildren(...notes);
}

let turn = 0;
async function ask() {
  const mine = ++turn;
  try {
    const answer = await fetch("/links/preview", { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const html = await answer.text();
    if (!answer.ok || mine !== turn) return;
    holder.innerHTML = html;
  } catch {
    // What is shown stays; saving asks again.
  }
}

form.addEventListener("input", (event) => {
  if (event.target.name !== "lead") update();
});
form.addEventListener("change", (event) => {
  if (event.target.name === "lead" || event.target.name === "integration") ask();
});
