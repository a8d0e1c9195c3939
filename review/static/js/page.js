/* Small comforts. Every page works without them. */
(() => {
  "use strict";

  /* A menu closes with Escape and when the reader goes elsewhere. */
  const close = (menu) => menu.removeAttribute("open");
  const open = () => document.querySelectorAll("details.menu[open]");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    open().forEach((menu) => {
      close(menu);
      menu.querySelector("summary").focus();
    });
  });
  document.addEventListener("click", (event) => {
    open().forEach((menu) => menu.contains(event.target) || close(menu));
  });

  /* A greyed button stays focusable and does nothing. */
  document.addEventListener("click", (event) => {
    if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
  });

  /* An address that is there to be copied is chosen as a whole. */
  document.addEventListener("focusin", (event) => {
    if ("select" in event.target.dataset) event.target.select();
  });

  /* A form is sent once, however often its button is pressed. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post") || "download" in form.dataset) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  /* What htmx could not do still reaches the reader. A form with errors (422) is shown as it is. */
  const messages = () => document.getElementById("messages");

  document.addEventListener("htmx:beforeSwap", (event) => {
    const status = event.detail.xhr.status;
    if (status < 400) return;
    event.detail.shouldSwap = true;
    if (status === 422) return;
    event.detail.target = messages();
    event.detail.swapOverride = "innerHTML";
  });

  const unreachable = () => {
    const note = document.createElement("div");
    note.className = "note note-late stuck";
    note.textContent = messages().dataset.unreachable;
    messages().replaceChildren(note);
  };
  document.addEventListener("htmx:sendError", unreachable);
  document.addEventListener("htmx:timeout", unreachable);
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.successful) messages().querySelector(".stuck")?.remove();
  });
})();
