/* The projector. Without it the focused button takes Enter and the space bar by itself. */
(() => {
  "use strict";

  const KEYS = new Set(["Enter", " ", "PageDown"]);
  const key = document.querySelector("[data-room-key]");

  /* A presenter's remote sends "page down"; Enter counts wherever the focus was left. */
  document.addEventListener("keydown", (event) => {
    if (!key || !KEYS.has(event.key) || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("a, button, select, input, summary")) {
      if (event.key !== "PageDown" || event.target.matches("select, input")) return;
    }
    event.preventDefault();
    key.click();
  });

  /* What takes seconds says so. */
  document.addEventListener("submit", (event) => {
    const { slow } = event.target.dataset;
    const button = event.target.querySelector("button");
    if (!slow || !button) return;
    document.body.classList.add("is-drawing");
    button.textContent = slow;
    button.setAttribute("aria-live", "polite");
  });
})();
