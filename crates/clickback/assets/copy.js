// Copy buttons: the clipboard where the browser gives it (https), a hidden text field elsewhere.

async function write(text) {
  if (navigator.clipboard && isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused by a permission: try the old way.
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

const timers = new WeakMap();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  const active = document.activeElement;
  if (!(await write(button.dataset.copy))) return;
  active?.focus?.({ preventScroll: true });
  const word = button.querySelector("span");
  if (!button.dataset.word) button.dataset.word = word.textContent;
  word.textContent = button.dataset.done;
  button.classList.add("done");
  const announce = document.querySelector("[data-announce]");
  if (announce) announce.textContent = button.dataset.done;
  clearTimeout(timers.get(button));
  timers.set(button, setTimeout(() => {
    word.textContent = button.dataset.word;
    button.classList.remove("done");
    if (announce) announce.textContent = "";
  }, 1600));
});
