// Notes where the focus goes while Tab is pressed: `noteFocus` begins, `noteFocus.problems()` judges.

window.noteFocus = (() => {
  const reached = [];
  const ring = (style) =>
    (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  addEventListener("focusin", ({ target }) => {
    const visible = [
      getComputedStyle(target),
      getComputedStyle(target, "::after"),
      getComputedStyle(target, "::before"),
      getComputedStyle(target.parentElement),
    ].some(ring);
    reached.push({ target, visible });
  });
  const short = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 120);
  return {
    problems() {
      const found = [];
      const first = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].find(
        (element) => element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }),
      );
      if (!reached.length) found.push("Tab reaches nothing");
      for (const [place, { target, visible }] of reached.entries()) {
        if (!visible) found.push(`focus cannot be seen: ${short(target)}`);
        const next = reached[place + 1]?.target;
        // The end of the page leads to its beginning.
        if (!next || next === first) continue;
        if (!(target.compareDocumentPosition(next) & Node.DOCUMENT_POSITION_FOLLOWING)) {
          found.push(`focus jumps back from ${short(target)} to ${short(next)}`);
        }
      }
      return found;
    },
  };
})();
