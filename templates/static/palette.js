// The palette: Ctrl+K finds a page, an action of this page, an issue by its number, or searches. Every entry is a link or
// a button of the page, so it can do no more than they.
"use strict";

const palette = document.getElementById("palette");

// name is what an element is called.
function name(element) {
  return (element.getAttribute("aria-label") ?? element.innerText ?? element.textContent).trim().replace(/\s+/g, " ");
}

// commands are the places of the navigation and what this page has a key for.
function commands() {
  const found = new Map();
  const add = (text, key, run) => { if (text && !found.has(text)) found.set(text, { text, key, run }); };
  for (const part of document.querySelectorAll("main [data-press]")) {
    if (part.matches("a, button")) add(name(part), part.dataset.press, () => part.click());
    else add(document.querySelector(`label[for="${part.id}"]`)?.textContent.trim(), part.dataset.press, () => part.focus());
  }
  for (const link of palette.querySelectorAll("nav a")) add(link.textContent.trim(), link.dataset.key ?? "", () => { location.href = link.href; });
  return [...found.values()];
}

function fill(typed) {
  const list = palette.querySelector("ul"), words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let all = commands().filter((one) => words.every((word) => one.text.toLocaleLowerCase().includes(word)));
  const number = /^#?([1-9]\d*)$/.exec(typed.trim());
  if (number) all.unshift({ text: "#" + number[1], run: () => { location.href = "/issues/" + number[1]; } });
  if (typed.trim()) all.push({ text: palette.dataset.search + " " + typed.trim(), run: () => { location.href = "/issues?q=" + encodeURIComponent(typed.trim()); } });
  all = all.slice(0, 30);
  list.replaceChildren(...all.map((one, n) => {
    const item = document.createElement("li"), text = document.createElement("span"), key = document.createElement("kbd");
    item.id = "palette-" + n;
    item.setAttribute("role", "option");
    item.addEventListener("click", () => { palette.close(); one.run(); });
    text.textContent = one.text;
    key.textContent = one.key ?? "";
    item.append(text, ...(one.key ? [key] : []));
    return item;
  }));
  mark(0);
}

function mark(n) {
  const items = [...palette.querySelectorAll("li")], input = palette.querySelector("input");
  const at = items.length ? (n + items.length) % items.length : -1;
  items.forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
  items[at]?.scrollIntoView({ block: "nearest" });
  if (at < 0) input.removeAttribute("aria-activedescendant");
  else input.setAttribute("aria-activedescendant", items[at].id);
}

if (palette) {
  const input = palette.querySelector("input");
  const selected = () => [...palette.querySelectorAll("li")].findIndex((item) => item.getAttribute("aria-selected") === "true");
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (palette.open) { palette.close(); return; }
    input.value = "";
    palette.showModal();
    fill("");
  });
  input.addEventListener("input", () => fill(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(selected() + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      palette.querySelector('li[aria-selected="true"]')?.click();
    }
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
}
