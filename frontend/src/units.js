// The unit picker: an input with data-units finds units by Chinese, pinyin and first letters.
// Without it the same input takes a unit's full name or code.

let number = 0;
let waiting = 0;

function close(input) {
  document.getElementById(input.getAttribute("aria-controls"))?.remove();
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function choose(input, option) {
  input.value = option.dataset.name;
  close(input);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function show(input, units) {
  close(input);
  const list = document.createElement("ul");
  list.className = "picker";
  list.id = `picker-${(number += 1)}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "单位");
  for (const [place, unit] of units.entries()) {
    const option = document.createElement("li");
    option.id = `${list.id}-${place}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", String(place === 0));
    option.dataset.name = unit.name;
    option.append(unit.name, " ");
    const small = document.createElement("small");
    small.textContent = unit.kind;
    option.append(small);
    option.addEventListener("mousedown", (event) => {
      event.preventDefault();
      choose(input, option);
    });
    list.append(option);
  }
  if (!units.length) {
    const none = document.createElement("li");
    none.textContent = "没有这样的单位";
    none.setAttribute("role", "option");
    none.setAttribute("aria-disabled", "true");
    none.setAttribute("aria-selected", "false");
    list.append(none);
  }
  input.after(list);
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "true");
  if (units.length) input.setAttribute("aria-activedescendant", `${list.id}-0`);
}

function move(input, by) {
  const list = document.getElementById(input.getAttribute("aria-controls"));
  const options = [...(list?.querySelectorAll("[role=option]:not([aria-disabled])") ?? [])];
  if (!options.length) return;
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const next = options[(at + by + options.length) % options.length];
  for (const option of options) option.setAttribute("aria-selected", String(option === next));
  input.setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
}

async function find(input) {
  const asked = (waiting += 1);
  const typed = input.value.trim();
  if (!typed) {
    close(input);
    return;
  }
  const answer = await fetch(`/units.json?q=${encodeURIComponent(typed)}`, {
    headers: { Accept: "application/json" },
  });
  if (answer.ok && asked === waiting && document.activeElement === input) {
    show(input, (await answer.json()).units);
  }
}

document.addEventListener("input", (event) => {
  const input = event.target;
  if (!input.matches("input[data-units]") || event.isComposing) return;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  find(input);
});
document.addEventListener("compositionend", (event) => {
  if (event.target.matches("input[data-units]")) find(event.target);
});
document.addEventListener("keydown", (event) => {
  const input = event.target;
  if (!input.matches?.("input[data-units][aria-expanded=true]") || event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    move(input, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter") {
    const option = document.getElementById(input.getAttribute("aria-activedescendant") ?? "");
    if (option) choose(input, option);
  } else if (event.key === "Escape") {
    close(input);
  } else {
    return;
  }
  event.preventDefault();
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("input[data-units]")) close(event.target);
});
