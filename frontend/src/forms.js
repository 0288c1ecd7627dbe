// What makes forms quicker: pasted days, unit picker, drafts, one sending only.

// A day is a text that takes any writing of it (2026年3月5日, ２０２６／３／５); the button beside it
// opens the browser's own calendar.
for (const input of document.querySelectorAll("input[data-day]")) {
  const line = document.createElement("span");
  line.className = "day-pick";
  const calendar = document.createElement("input");
  calendar.type = "date";
  calendar.tabIndex = -1;
  calendar.setAttribute("aria-hidden", "true");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn";
  button.textContent = "选日期";
  button.setAttribute("aria-label", `选日期：${input.labels[0]?.firstChild.textContent.trim() ?? ""}`);
  button.addEventListener("click", () => {
    calendar.value = /^\d{4}-\d\d-\d\d$/.test(input.value) ? input.value : "";
    calendar.showPicker();
  });
  calendar.addEventListener("change", () => {
    input.value = calendar.value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  input.before(line);
  line.append(input, button, calendar);
}

// Files are chosen with a button in our own words; the names chosen stand beside it.
for (const input of document.querySelectorAll("input[type=file][data-pick]")) {
  const label = document.createElement("label");
  label.className = "btn file-button";
  label.htmlFor = input.id;
  label.textContent = "选择文件";
  const names = document.createElement("span");
  names.className = "muted file-names";
  const tell = () => {
    names.textContent = [...input.files].map((file) => file.name).join("、") || "未选择文件";
  };
  tell();
  input.classList.add("unseen");
  input.addEventListener("change", tell);
  input.after(label, names);
}

// A form is sent once: a second press while the answer is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 8000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
