// The tracker: keys of an issue and of the list, drafts, preview, files by drop and paste. Every page works without it.
"use strict";

// Keys that press something: a link or a button is pressed, a field takes the focus.
function pressed(event) {
  const current = rows()[at];
  const sorter = current?.querySelector(`[data-triage="${CSS.escape(event.key)}"]`);
  const found = sorter ?? document.querySelector(`[data-press="${CSS.escape(event.key)}"]`);
  if (found) {
    if (found.matches("a, button")) found.click();
    else found.focus();
    return true;
  }
  switch (event.key) {
    case "x":
    case "X": {
      const all = rows(), box = current?.querySelector(".choose input");
      if (!box) return false;
      box.checked = !box.checked;
      if (event.key === "X" && chosenRow >= 0) {
        for (let i = Math.min(at, chosenRow); i <= Math.max(at, chosenRow); i++) {
          const one = all[i]?.querySelector(".choose input");
          if (one) one.checked = box.checked;
        }
      }
      chosenRow = at;
      return true;
    }
    case "[":
    case "]": {
      const list = JSON.parse(sessionStorage.getItem("list") ?? "[]"), here = list.indexOf(location.pathname);
      const next = here < 0 ? undefined : list[here + (event.key === "]" ? 1 : -1)];
      if (next) location.href = next;
      return Boolean(next);
    }
    case "i": {
      const who = document.querySelector("select[data-me]");
      if (!who || ![...who.options].some((option) => option.value === who.dataset.me)) return false;
      who.value = who.dataset.me;
      document.querySelector('button[formaction$="/state"].wide')?.click();
      return true;
    }
    case "q": {
      const folds = [...document.querySelectorAll(".post details.fold:has(.quote)")];
      const open = folds.some((fold) => !fold.open);
      folds.forEach((fold) => { fold.open = open; });
      return folds.length > 0;
    }
    case ".": {
      const key = document.querySelector("[data-key]")?.dataset.key;
      if (key) navigator.clipboard?.writeText(key);
      return Boolean(key);
    }
  }
  return false;
}

// The row that was chosen last, for a run of rows; the issues of the list that was open last, for [ and ].
let chosenRow = -1;
{
  const listed = [...document.querySelectorAll('[data-walk] .title a[href^="/issues/"]')].map((link) => link.pathname);
  if (listed.length) sessionStorage.setItem("list", JSON.stringify(listed));
}

// All issues of a page at once.
document.querySelectorAll("[data-all]").forEach((box) => { box.hidden = false; });
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    document.querySelectorAll(".choose input").forEach((one) => { one.checked = event.target.checked; });
  }
});

// What is being written is kept on the server.
let later;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (!form || event.target.name !== "body") return;
  clearTimeout(later);
  later = setTimeout(() => {
    const body = new URLSearchParams({ body: form.elements.body.value, kind: form.elements.kind.value });
    fetch(form.dataset.draft, { method: "POST", body, keepalive: true }).catch(() => {});
  }, 1200);
});
document.addEventListener("submit", (event) => { if (event.target.matches("[data-draft]")) clearTimeout(later); });

// The preview comes without leaving the page, so chosen files stay.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-preview]");
  const place = document.getElementById("preview");
  if (!button || !place) return;
  event.preventDefault();
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(button.form)) if (typeof value === "string") body.append(name, value);
  body.set("do", "preview");
  try {
    const page = await pageOf(button.form.action, { method: "POST", body });
    place.replaceChildren(...(page.getElementById("preview")?.childNodes ?? []));
  } catch {
    place.replaceChildren();
  }
});

// Issues like one that waits to be sorted are looked up when its row comes into view.
function armAlike() {
  const seen = new IntersectionObserver((entries) => entries.filter((e) => e.isIntersecting).forEach(async ({ target }) => {
    seen.unobserve(target);
    try {
      const found = (await pageOf(target.dataset.alike)).getElementById(target.id);
      if (found && target.isConnected) target.replaceChildren(...(found.querySelector("li") ? found.childNodes : []));
    } catch { /* The link stays. */ }
  }));
  document.querySelectorAll("[data-alike]").forEach((place) => seen.observe(place));
}
armAlike();
addEventListener("letterbox:loaded", armAlike);

// Files that are dropped or pasted are added to those that are chosen.
function addFiles(form, files) {
  const field = form?.querySelector('input[type="file"][name="files"]');
  if (!field || !files.length) return false;
  const all = new DataTransfer();
  for (const file of [...field.files, ...files]) all.items.add(file);
  field.files = all.files;
  return true;
}
document.addEventListener("paste", (event) => {
  if (addFiles(event.target.closest?.("form"), [...(event.clipboardData?.files ?? [])])) event.preventDefault();
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest?.('form:has(input[type="file"][name="files"])');
    if (!form || ![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    form.querySelector(".files-field")?.classList.toggle("over", kind === "dragover");
    if (kind === "drop") addFiles(form, [...event.dataTransfer.files]);
  });
}

// An issue on paper.
document.querySelectorAll("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => print()); });

// A list that is filtered while somebody types; the server does the same with the form.
document.querySelectorAll("[data-filter]").forEach((field) => field.addEventListener("input", () => {
  const typed = field.value.trim(), words = typed.toLowerCase().split(/\s+/);
  let none = true;
  for (const row of document.getElementById(field.dataset.filter).children) {
    const does = row.lastElementChild.textContent.toLowerCase();
    row.hidden = row.firstElementChild.textContent !== typed && !words.every((word) => does.includes(word));
    none &&= row.hidden;
  }
  document.getElementById(field.dataset.filter + "-none").hidden = !none;
}));

// A text that speaks of a file without one is pointed out; nothing is held up.
function lacking(form) {
  const hint = form?.querySelector("[data-lacking]");
  if (!hint) return;
  const own = form.elements.body.value.toLowerCase().split("\n").filter((line) => !line.startsWith(">")).join("\n");
  const said = own.split(/[\s.,;:!?()"'„“”»«]+/), words = form.dataset.words.split(" ");
  hint.hidden = form.querySelector('input[type="file"]').files.length > 0 || !words.some((word) => said.includes(word));
}
for (const kind of ["input", "change"]) document.addEventListener(kind, (event) => lacking(event.target.closest("form[data-words]")));

// Who else is writing on the issue; it is said at most every five seconds, and holds for ten.
let saidWriting = 0, quiet;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (!form || event.target.name !== "body" || Date.now() - saidWriting < 5000) return;
  saidWriting = Date.now();
  fetch(form.dataset.draft.replace(/draft$/, "writing"), { method: "POST" }).catch(() => {});
});
addEventListener("letterbox:writing", (event) => {
  const place = document.getElementById("writing");
  if (!place) return;
  const text = place.dataset.text.replace("%", () => event.detail);
  if (place.textContent !== text) place.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => { place.textContent = ""; }, 10000);
});
