// Long texts survive an expired session, a lost connection and a reload: they are kept in this tab
// only, until the form is sent and accepted, and are wiped at signing out.

const forms = document.querySelectorAll("form[data-draft]");
const keyOf = (form) => `draft:${form.dataset.draft}`;
const kept = (element) =>
  element.name && element.type !== "hidden" && element.type !== "file" && element.type !== "password" &&
  !element.name.startsWith("person-");

function save(form) {
  const values = [...form.elements].filter(kept).map((element) => [
    element.name,
    ["checkbox", "radio"].includes(element.type) ? element.checked : element.value,
  ]);
  sessionStorage.setItem(keyOf(form), JSON.stringify(values));
}

function restore(form) {
  const stored = sessionStorage.getItem(keyOf(form));
  if (!stored || document.querySelector(".error-summary")) return;
  const values = JSON.parse(stored);
  const elements = [...form.elements].filter(kept);
  if (values.length !== elements.length) return;
  let changed = false;
  elements.forEach((element, place) => {
    const [name, value] = values[place];
    if (name !== element.name) return;
    const isBox = typeof value === "boolean";
    if ((isBox ? element.checked : element.value) === value) return;
    if (isBox) element.checked = value;
    else element.value = value;
    changed = true;
  });
  if (!changed) return;
  const note = document.createElement("p");
  note.className = "alert";
  note.setAttribute("role", "status");
  note.textContent = "已恢复上次未提交的内容。";
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "btn btn-small";
  drop.textContent = "放弃恢复";
  drop.addEventListener("click", () => {
    sessionStorage.removeItem(keyOf(form));
    location.reload();
  });
  note.append(" ", drop);
  form.before(note);
}

for (const form of forms) {
  restore(form);
  form.addEventListener("input", () => save(form));
}
// An accepted form leads to another page with a word of success: its draft has done its service.
if (document.querySelector(".alert-success")) {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith("draft:")) sessionStorage.removeItem(key);
  }
}
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") sessionStorage.clear();
});
