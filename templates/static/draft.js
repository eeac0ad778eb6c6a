// What somebody begins to write of a new issue, or to change in one, stays in this browser until it is sent; issues like a
// new one are shown meanwhile.
"use strict";

{
  const put = (f, value) => { if (f.tagName !== "SELECT" || [...f.options].some((o) => o.value === value)) f.value = value; };
  const mine = "draft:" + (document.body.dataset.user ?? "") + ":", slot = (form) => mine + form.dataset.kept;
  const fields = (form) => [...form.elements].filter((f) => f.name && f.type !== "file" && f.type !== "hidden" && f.tagName !== "BUTTON");
  const form = document.querySelector("form[data-kept]");
  if (form) {
    const back = sessionStorage.getItem("sent") === slot(form);
    sessionStorage.removeItem("sent"); // It came back to be checked.
    const texts = ["title", "description"].map((name) => form.elements[name]);
    const kept = JSON.parse(localStorage.getItem(slot(form)) ?? "null");
    // What changes an issue has its version: what was begun with an older one is told as a conflict when it is sent.
    const version = form.elements.version, first = version?.value;
    const store = () => localStorage.setItem(slot(form), JSON.stringify({ ...Object.fromEntries(fields(form).map((f) => [f.name, f.value])), version: version?.value }));
    if (version && back) store();
    else if (kept && (version ? texts.some((f) => kept[f.name] !== f.value) : texts.every((f) => !f.value))) {
      if (version && kept.version) version.value = kept.version;
      const fill = () => fields(form).forEach((f) => { if (kept[f.name] !== undefined) put(f, kept[f.name]); });
      const project = form.elements.project?.value;
      fill();
      form.querySelector("[data-restored]").hidden = false;
      if (form.elements.project?.value !== project) ask(form).then(fill);
    }
    form.querySelector("[data-forget]").addEventListener("click", () => {
      localStorage.removeItem(slot(form));
      form.reset();
      if (version) version.value = first;
      form.querySelector("[data-restored]").hidden = true;
      form.elements.title.focus();
    });
    let later;
    form.addEventListener("input", (event) => {
      if (texts.some((f) => version ? f.value !== f.defaultValue : f.value)) store();
      else localStorage.removeItem(slot(form));
      if (version || !["title", "project"].includes(event.target.name)) return;
      clearTimeout(later);
      later = setTimeout(() => ask(form), 500);
    });
    document.querySelectorAll("[data-drop]").forEach((a) => a.addEventListener("click", () => localStorage.removeItem(slot(form))));
    form.addEventListener("submit", () => sessionStorage.setItem("sent", slot(form)));
  }
  const sent = sessionStorage.getItem("sent");
  if (sent && !form) { // The page after a form that was taken has no form.
    localStorage.removeItem(sent);
    sessionStorage.removeItem("sent");
  }
  // They end with signing out, and when somebody else signs in; a sign-in that has ended by itself leaves them.
  const drop = (others) => Object.keys(localStorage).filter((key) => key.startsWith("draft:") && !(others && key.startsWith(mine))).forEach((key) => localStorage.removeItem(key));
  if (document.body.dataset.user) drop(true);
  document.querySelectorAll('form[action="/signout"]').forEach((out) => out.addEventListener("submit", () => drop(false)));
}

// ask shows what there is already, and what can be chosen in the project.
async function ask(form) {
  const asked = new URLSearchParams({ project: form.elements.project?.value ?? "", title: form.elements.title.value });
  const similar = document.getElementById("similar"), choices = document.getElementById("choices");
  try {
    const page = await pageOf("/issues/new?" + asked);
    if (form.elements.title.value === asked.get("title")) similar.replaceChildren(...(page.getElementById("similar")?.childNodes ?? []));
    const fresh = page.getElementById("choices");
    if (!choices || !fresh || (form.elements.project?.value ?? "") !== asked.get("project") || choices.dataset.of === asked.get("project")) return;
    const were = [...choices.querySelectorAll("[name]")].map((f) => [f.name, f.value]), open = choices.querySelector("details")?.open;
    choices.dataset.of = asked.get("project");
    choices.replaceChildren(...fresh.childNodes);
    if (open) choices.querySelector("details")?.setAttribute("open", "");
    for (const [name, value] of were) {
      const f = form.elements[name];
      if (f && (f.tagName !== "SELECT" || [...f.options].some((o) => o.value === value))) f.value = value;
    }
  } catch {
    similar.replaceChildren();
  }
}
