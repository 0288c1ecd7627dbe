// On every page. Pages work without it; this makes them quick. Under the content security policy
// nothing may be evaluated and no style written inline, so htmx is told to do neither.
import htmx from "htmx.org";
import "./drafts.js";
import "./forms.js";
import "./units.js";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // nothing of a case stays in the browser after signing out
window.htmx = htmx;

document.documentElement.classList.add("js");

// On a phone the filters stay folded until they are asked for.
if (window.matchMedia("(max-width: 700px)").matches) {
  for (const box of document.querySelectorAll("details.filter-box")) box.open = false;
}

// The error summary takes the focus, so that it is read out and the page begins there.
document.querySelector("[data-focus]")?.focus();

document.addEventListener("click", (event) => {
  const fill = event.target.closest("[data-fill-name]");
  if (fill) {
    document.getElementById("name").value = fill.dataset.fillName;
    document.getElementById("password").value = fill.dataset.fillPassword;
    document.getElementById("name").form.querySelector("button").focus();
  }
  // A menu that is open closes when the pointer goes elsewhere.
  for (const menu of document.querySelectorAll("details.who[open], details.drop[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.who[open], details.drop[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  // "/" goes to the search box, but never while something is being written.
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !writing && !event.isComposing && !event.ctrlKey && !event.metaKey) {
    const search = document.querySelector("[data-key='/']");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});

for (const hidden of document.querySelectorAll("[data-fill-name][hidden], [data-copy][hidden]")) {
  hidden.hidden = false;
}

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent.trim());
  copy.textContent = "已复制";
});
