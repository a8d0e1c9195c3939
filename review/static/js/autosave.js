/* Saving while somebody types. The form works without this; htmx sends it, this keeps it honest. */
(() => {
  "use strict";

  const RETRY_AFTER = 15000;

  const say = (state, text, kind) => {
    const line = document.createElement("p");
    line.className = kind;
    line.textContent = text;
    state.replaceChildren(line);
  };

  const watch = (state) => {
    const form = state.closest("form");
    let dirty = false;
    let busy = false;
    let failed = false;
    let held = null;
    let destination = null;

    const save = () => window.htmx.trigger(state, "flush");

    /* What was pressed while something was not saved yet. */
    const goOn = () => {
      const [pressed, address] = [held, destination];
      held = destination = null;
      if (pressed && (pressed.target === form || !failed)) {
        pressed.target.requestSubmit(pressed.submitter);
      } else if (address && !failed) {
        window.location.assign(address);
      }
    };

    form.addEventListener("input", (event) => {
      if (event.target.type === "file") return;
      dirty = true;
      if (!busy) say(state, state.dataset.typing, "unsaved");
    });

    state.addEventListener("htmx:beforeRequest", (event) => {
      if (form.dataset.sent) event.preventDefault();
      if (event.defaultPrevented) return;
      busy = true;
      dirty = false;
      say(state, state.dataset.saving, "unsaved");
    });

    /* What could not be saved is said here, beside the text, and the text stays. */
    state.addEventListener("htmx:beforeSwap", (event) => {
      event.detail.shouldSwap = true;
      event.detail.target = state;
      event.detail.swapOverride = "innerHTML";
      event.stopPropagation();
    });

    state.addEventListener("htmx:afterRequest", (event) => {
      const status = event.detail.xhr.status;
      busy = false;
      failed = status < 200 || status >= 400;
      dirty = dirty || failed;
      if (status === 0) say(state, state.dataset.lost, "unsaved");
      if (status === 0 || status >= 500) window.setTimeout(() => failed && save(), RETRY_AFTER);
      goOn();
    });

    /* A button waits for the saving that is under way, so that nobody is in conflict with themselves. */
    document.addEventListener("submit", (event) => {
      const waits = event.target === form ? busy : (busy || dirty) && !failed;
      if (!waits) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      held = { target: event.target, submitter: event.submitter };
      if (!busy) save();
    }, true);

    /* So does a link. */
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      if (!link || !plain || link.target || link.hash || failed || !(dirty || busy)) return;
      event.preventDefault();
      destination = link.href;
      if (!busy) save();
    });

    window.addEventListener("focus", () => failed && save());
    window.addEventListener("online", () => failed && save());
    window.addEventListener("beforeunload", (event) => {
      if ((dirty || busy) && !form.dataset.sent) event.preventDefault();
    });
  };

  /* A file that is too large is named before it is sent. */
  const checkSize = (field) => {
    const file = field.files[0];
    const large = file && file.size > Number(field.dataset.limit);
    field.setCustomValidity(large ? field.dataset.tooLarge : "");
    if (large) field.reportValidity();
  };

  document.addEventListener("submit", (event) => {
    const field = event.target.querySelector("input[type=file][data-limit]");
    if (!field || field.validity.valid || event.submitter?.value !== "attach") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    field.reportValidity();
  }, true);

  document.querySelectorAll("[data-autosave]").forEach(watch);
  document.querySelectorAll("input[type=file][data-limit]").forEach((field) => {
    field.addEventListener("change", () => checkSize(field));
  });
})();
