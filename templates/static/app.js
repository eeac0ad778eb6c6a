// What makes the pages quicker to use. Every page works without it.
"use strict";

const served = document.getElementById("main")?.innerHTML; // Before any script changes it.

// Keys: / search, c new, g then i, m, p to go somewhere, j and k through a list, o to open. Never inside a field.
const go = { b: "/board", i: "/issues", m: "/messages", p: "/inboxes", w: "/work", t: "/triage", n: "/notifications" };
let at = -1, went = 0;

function rows() {
  return [...document.querySelectorAll("[data-walk] > *")];
}

function walk(step) {
  const all = rows();
  if (!all.length) return;
  all.forEach((row) => row.classList.remove("at"));
  at = Math.min(Math.max(at + step, 0), all.length - 1);
  all[at].classList.add("at");
  all[at].querySelector("a")?.focus();
  all[at].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const field = event.target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]');
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field?.form?.method === "post") {
    event.preventDefault();
    field.form.requestSubmit();
    return;
  }
  if (event.key === "Escape") {
    document.querySelectorAll("details.menu[open]").forEach((menu) => menu.removeAttribute("open"));
    return;
  }
  if (field || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  const second = Date.now() - went < 1200;
  went = 0;
  if (second && go[event.key]) location.href = go[event.key];
  else if (event.key === "g") went = Date.now();
  else if (event.key === "o") rows()[at]?.querySelector("a")?.click();
  else if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else if ((event.key === "x" || event.key === "X") && document.querySelector("[data-bulk]")) choose(event.shiftKey);
  else if (event.key === "b" && document.querySelector("[data-bulk]")) document.querySelector("[data-bar] button")?.focus();
  else if (event.key === "/" || event.key === "f") { event.preventDefault(); document.getElementById("find")?.focus(); }
  else if (event.key === "?") location.href = "/help/keys";
  else if (pressed(event)) event.preventDefault();
  else if (event.key === "c") document.querySelector('a[href="/issues/new"]')?.click();
  else if (event.key === "r" || event.key === "n") {
    const kind = document.getElementById(event.key === "r" ? "public" : "internal");
    if (kind) { event.preventDefault(); kind.checked = true; document.getElementById("f-body").focus(); }
  }
});

// Messages are chosen with x, a run of them with Shift and x; b goes to what can be done with them.
let chosenLast = -1;
function choose(run) {
  const all = rows();
  if (at < 0 || !all[at]) return;
  const box = all[at].querySelector('input[name="id"]');
  if (!box) return;
  box.checked = !box.checked;
  if (run && chosenLast >= 0) {
    for (let i = Math.min(at, chosenLast); i <= Math.max(at, chosenLast); i++) {
      const one = all[i].querySelector('input[name="id"]');
      if (one) one.checked = box.checked;
    }
  }
  chosenLast = at;
  countChosen();
}

function countChosen() {
  const form = document.querySelector("[data-bulk]");
  if (!form) return;
  const boxes = [...form.querySelectorAll('input[name="id"]')], n = boxes.filter((box) => box.checked).length;
  const count = form.querySelector("[data-count]"), all = form.querySelector("[data-all]");
  form.querySelectorAll("[data-bar] button").forEach((button) => { button.disabled = n === 0; });
  count.dataset.none ??= count.textContent;
  count.textContent = n === 0 ? count.dataset.none : n === 1 ? count.dataset.single : count.dataset.many.replace("2", String(n));
  all.hidden = false;
  all.checked = n > 0 && n === boxes.length;
  all.onchange = () => { boxes.forEach((box) => { box.checked = all.checked; }); countChosen(); };
}
document.addEventListener("change", (event) => { if (event.target.name === "id") countChosen(); });
countChosen();

// Single keys can be switched off (WCAG 2.1.4).
function showKeys() {
  document.querySelectorAll("[data-keys]").forEach((part) => {
    part.hidden = false;
    part.querySelectorAll("button").forEach((button) => {
      button.setAttribute("aria-pressed", String((localStorage.getItem("keys") ?? "on") === button.value));
      button.onclick = () => { localStorage.setItem("keys", button.value); showKeys(); };
    });
  });
}
showKeys();

// A menu closes when something else is pressed.
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  });
});

// The summary of what is to be checked takes the focus.
document.querySelector("[data-focus]")?.focus();

// Fields that only matter for one answer are shown with that answer.
function dependents() {
  document.querySelectorAll("[data-when]").forEach((part) => {
    const form = part.closest("form"), wanted = part.dataset.is.split(" ");
    const fits = part.dataset.when.split(" ").some((name) => wanted.includes(form?.elements[name]?.value ?? ""));
    part.hidden = !fits && !part.querySelector('[aria-invalid="true"]');
  });
}
dependents();
document.addEventListener("change", dependents);

// pageOf fetches a page to take parts from.
async function pageOf(address, options) {
  const answer = await fetch(address, options);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// stay sends a form without leaving the page; place is what changes meanwhile. What fails is sent the plain way.
async function stay(event, place, send) {
  const form = event.target, button = event.submitter;
  event.preventDefault();
  button.disabled = true;
  place.setAttribute("aria-busy", "true");
  try {
    await send(form);
  } catch {
    form.dataset.plain = "yes";
    button.disabled = false;
    form.requestSubmit(button);
  } finally {
    button.disabled = false;
    place.removeAttribute("aria-busy");
  }
}

// What is sent this way: the check of a connection, which fills its report line by line, and the folders of the account,
// both without losing what was entered, the password included; rules that are tried.
document.addEventListener("submit", (event) => {
  const form = event.target, what = event.submitter?.value, folders = document.getElementById("folder-place");
  if (form.dataset.plain) return;
  if (form.matches("form[data-check]") && what === "check") stay(event, document.getElementById("report-place"), check);
  else if (form.matches("form[data-check]") && what === "folders" && folders) stay(event, folders, look);
  else if (form.matches("form[data-try]") && what === "try") stay(event, document.getElementById("tried-place"), attempt);
});

async function check(form) {
  const place = document.getElementById("report-place"), body = new URLSearchParams(new FormData(form));
  body.set("do", "check");
  body.set("live", "yes");
  const answer = await fetch(form.action, { method: "POST", body });
  if (answer.headers.get("Content-Type")?.startsWith("application/x-ndjson")) {
    await follow(answer.body, place);
  } else {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("report") ?? page.getElementById("errors");
    if (!found) throw new Error("no report");
    place.replaceChildren(document.adoptNode(found));
  }
  remedies();
  place.scrollIntoView({ block: "nearest" });
}

// When the server does not answer, the report says why.
async function look(form) {
  const body = new URLSearchParams(new FormData(form)), place = document.getElementById("report-place");
  body.set("do", "folders");
  const page = await pageOf(form.action, { method: "POST", body });
  const found = page.getElementById("report") ?? page.getElementById("errors"), fresh = page.getElementById("folder-place");
  if (!fresh) throw new Error("no answer");
  place.replaceChildren(...(found ? [document.adoptNode(found)] : []));
  if (found) { remedies(); place.scrollIntoView({ block: "nearest" }); } else document.getElementById("folder-place").replaceChildren(...fresh.childNodes);
}

async function attempt(form) {
  const body = new FormData(form);
  body.set("do", "try");
  await show("tried-place", body);
  document.getElementById("tried-place").scrollIntoView({ block: "start" });
}

function piece(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

// The answer has a line for each phase that is over, and at the end the whole report.
async function follow(stream, place) {
  const list = document.createElement("ol"), title = document.createElement("h2"), box = document.createElement("section");
  list.className = "phases";
  title.textContent = place.dataset.running + " …";
  box.className = "sheet report running";
  box.setAttribute("aria-live", "polite");
  box.append(title, list);
  place.replaceChildren(box);
  box.scrollIntoView({ block: "nearest" });
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", done = false;
  for (;;) {
    const next = await reader.read();
    if (next.done) break;
    const lines = (rest + next.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const said = JSON.parse(line);
      if (said.phase) list.append(piece(said.phase));
      if (said.report) { place.replaceChildren(piece(said.report)); done = true; }
    }
  }
  if (!done) throw new Error("no report");
}

// setField sets a field of a form; folders may be boxes of a tree.
function setField(form, name, value) {
  const boxes = [...form.querySelectorAll('input[name="folder"]')];
  if (name === "folders" && boxes.length) boxes.forEach((box) => { box.checked = value.split("\n").includes(box.value); });
  else form.elements[name].value = value;
}

// A remedy fills the open form and checks again, or opens the place where somebody goes on.
function remedies() {
  document.querySelectorAll("[data-set], [data-open]").forEach((button) => {
    button.hidden = false;
    button.onclick = (event) => {
      const form = document.querySelector("form[data-check]"), pairs = [...new URLSearchParams(button.dataset.set ?? button.dataset.open)];
      if (!form || pairs.some(([name]) => !form.elements[name] && !(name === "folders" && form.elements.folder))) return; // The server does it.
      event.preventDefault();
      for (const [name, value] of pairs) if (value || button.dataset.set) setField(form, name, value);
      dependents();
      if (button.dataset.set) { form.querySelector('button[value="check"]').click(); return; }
      const field = form.elements[pairs.at(-1)[0]];
      field.closest("details")?.setAttribute("open", "");
      field.focus();
    };
  });
}
remedies();

// Rules are looked at while they are typed, and tried without losing what was entered.
const trial = document.querySelector("form[data-try]");
async function show(place, body) {
  const part = document.getElementById(place);
  part.setAttribute("aria-busy", "true");
  try {
    const page = await pageOf(trial.action, { method: "POST", body });
    const found = page.getElementById(place);
    if (!found) throw new Error("no answer");
    const wrong = place === "tried-place" && page.getElementById("errors");
    part.replaceChildren(...(wrong ? [document.adoptNode(wrong)] : found.childNodes));
  } finally {
    part.removeAttribute("aria-busy");
  }
}
if (trial) {
  let later;
  trial.addEventListener("input", (event) => {
    if (event.target.closest("#try")) return;
    clearTimeout(later);
    later = setTimeout(() => {
      const body = new FormData(trial);
      body.delete("mail");
      body.set("do", "lint");
      show("lint-place", body).catch(() => {});
    }, 400);
  });
}

// A certificate can be taken from a file.
document.querySelectorAll("[data-file]").forEach((part) => {
  part.hidden = false;
  part.querySelector("input").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (file && file.size < 65536) document.getElementById("f-" + part.dataset.file).value = await file.text();
  });
});

// rechosen tells whether something else is chosen than what the page came with: the first where it names nothing.
function rechosen(list) {
  const first = Math.max(0, [...list.options].findLastIndex((option) => option.defaultSelected));
  return list.options.length > 0 && list.selectedIndex !== first;
}

// writing tells whether somebody is writing or choosing something.
function writing() {
  return document.activeElement?.closest("input, textarea, select") ||
    [...document.querySelectorAll("textarea")].some((text) => text.value !== text.defaultValue) ||
    [...document.querySelectorAll("select")].some(rechosen) ||
    document.querySelector("main details[open]:not(.whole)") || document.querySelector('input[name="id"]:checked, .choose input:checked');
}

// count brings the numbers of the navigation up to date: what waits, what was not read.
function count(page) {
  const number = (link) => link?.querySelector(":scope > .count, :scope > .alarm");
  for (const place of [".side nav", "nav.bottom"]) {
    const nav = document.querySelector(place), fresh = page.querySelector(place);
    if (!nav || !fresh) continue;
    for (const link of nav.querySelectorAll(":scope > a, summary")) {
      const other = number(fresh.querySelector(link.matches("summary") ? "summary" : `:scope > a[href="${CSS.escape(link.getAttribute("href"))}"]`));
      if (number(link)?.textContent === other?.textContent) continue;
      number(link)?.remove();
      if (other) link.append(document.adoptNode(other));
    }
  }
}

// What happens to other issues than the page shows may concern the person as well; the page itself stays, also while somebody is writing.
let counting;
function recount() {
  counting ??= setTimeout(async () => {
    counting = undefined;
    try { count(await pageOf("/help/keys")); } catch { /* The next change asks again. */ }
  }, 1000);
}

// Pages that show mail are loaded anew when something has come, unless somebody is writing.
const topics = document.body.dataset.live;
if (topics) {
  let late, shown = served;
  const source = new EventSource("/changes?topics=" + encodeURIComponent(topics));
  // Once after connecting too: what happened since the page was made, and what a lost connection missed.
  const refresh = () => {
    clearTimeout(late);
    late = setTimeout(async () => {
      if (writing()) { late = setTimeout(refresh, 2000); return; } // Once the person has done.
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"), main = page.getElementById("main");
      if (answer.ok) count(page);
      if (!answer.ok || !main || main.innerHTML === shown) return;
      if (writing()) { late = setTimeout(refresh, 2000); return; } // The person has begun meanwhile.
      shown = main.innerHTML;
      const done = document.querySelectorAll("#main > [data-flash]"); // What was just done stays to be read.
      const was = document.activeElement?.closest("#main a[href], #main [id]"), fold = document.querySelector("main details.whole[open]");
      const same = was?.id ? "#" + CSS.escape(was.id) : was && `#main a[href="${CSS.escape(was.getAttribute("href"))}"]`;
      const report = document.getElementById("report-place"); // So does a check, also one that is still running.
      document.getElementById("main").replaceChildren(...done, ...main.childNodes);
      if (report) document.getElementById("report-place")?.replaceWith(report);
      if (fold) document.querySelector("main details.whole")?.setAttribute("open", "");
      if (same) document.querySelector(same)?.focus({ preventScroll: true });
      at = rows().findIndex((row) => row.contains(document.activeElement)); // The keys go on from the same row.
      rows()[at]?.classList.add("at");
      countChosen();
      dispatchEvent(new Event("letterbox:loaded"));
    }, 300);
  };
  source.addEventListener("message", () => { if (writing()) recount(); refresh(); });
  source.addEventListener("counts", recount);
  source.addEventListener("open", refresh);
  source.addEventListener("writing", (event) => dispatchEvent(new CustomEvent("letterbox:writing", { detail: JSON.parse(event.data) })));
}

// What is to be entered elsewhere can be copied.
document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy));
});
