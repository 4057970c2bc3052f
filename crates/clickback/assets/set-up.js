// The set-up of an integration: rows that can be added and removed, postback URLs that change while one
// types, the macro of the clickid in the partner's style. Without it every form works by saving.

import { macroOf, patternOf, postbackUrl, show } from "./url-preview.js";

for (const pairs of document.querySelectorAll("[data-pairs]")) {
  const add = pairs.querySelector("[data-pair-add]");
  add.hidden = false;
  for (const remove of pairs.querySelectorAll("[data-pair-remove]")) remove.hidden = false;
  add.addEventListener("click", () => {
    const rows = pairs.querySelectorAll("[data-pair]");
    const row = rows[rows.length - 1].cloneNode(true);
    for (const input of row.querySelectorAll("input")) input.value = "";
    for (const select of row.querySelectorAll("select")) select.selectedIndex = 0;
    add.before(row);
    row.querySelector("input").focus();
  });
  pairs.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pair-remove]");
    if (!button) return;
    const row = button.closest("[data-pair]");
    if (pairs.querySelectorAll("[data-pair]").length > 1) row.remove();
    else for (const input of row.querySelectorAll("input")) input.value = "";
    pairs.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

// Postback URLs: built here at once, what is wrong with them is asked of the server.
function paramsOf(form, data) {
  const mapping = data.mapping.map((pair) => [...pair]);
  const params = [];
  for (const input of form.querySelectorAll("[data-fills]")) {
    const name = input.dataset.fills;
    const value = input.value.trim();
    if (name === "tracker.event") continue;
    if (data.mapped.includes(name)) {
      const known = mapping.find((pair) => pair[0] === name);
      if (known) known[1] = value;
      else mapping.push([name, value]);
    } else if (value) {
      params.push([name, value]);
    }
  }
  const names = [...form.querySelectorAll("[name=other_name]")];
  const values = [...form.querySelectorAll("[name=other_value]")];
  names.forEach((input, at) => {
    const name = input.value.trim();
    if (name && !params.some((pair) => pair[0] === name)) params.push([name, values[at].value.trim()]);
  });
  for (const pair of mapping) {
    if (!params.some((known) => known[0] === pair[0])) params.push(pair);
  }
  if (data.secret) params.push(["secret", data.secret]);
  return params;
}

for (const form of document.querySelectorAll("form[data-postback]")) {
  const data = JSON.parse(form.dataset.postback);
  const event = form.querySelector("[data-fills='tracker.event']");
  const warnings = form.querySelector("[data-warnings]");
  let timer;
  let turn = 0;
  const check = async () => {
    const mine = ++turn;
    try {
      const answer = await fetch(form.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      const html = await answer.text();
      if (answer.ok && mine === turn) warnings.innerHTML = html;
    } catch {
      // The warnings stay as they were; saving brings them.
    }
  };
  form.addEventListener("input", () => {
    const url = postbackUrl({ ...data, event: event.value, params: paramsOf(form, data) });
    show(form.querySelector("[data-url]"), url);
    clearTimeout(timer);
    timer = setTimeout(check, 250);
  });
}

// The macro follows the parameter in the style that the partner has.
for (const form of document.querySelectorAll("form[data-clickid], form[data-connect]")) {
  const param = form.elements.own_param ?? form.elements.clickid_param;
  const macro = form.elements.clickid_macro;
  if (!param?.addEventListener || !macro) continue;
  let known = param.value.trim();
  param.addEventListener("input", () => {
    const name = param.value.trim();
    const pattern = patternOf(macro.value) ?? patternOf(macro.placeholder) ?? "{macro}";
    const follows = macro.value === "" || macro.value === macroOf(known, pattern);
    if (follows && macro.value !== "") macro.value = macroOf(name, pattern);
    if (name) macro.placeholder = macroOf(name, pattern);
    known = name;
  });
}
