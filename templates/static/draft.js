// What somebody begins to write of a new issue stays in this browser until it is sent; issues like it are shown meanwhile.
"use strict";

{
  const put = (f, value) => { if (f.tagName !== "SELECT" || [...f.options].some((o) => o.value === value)) f.value = value; };
  const mine = "draft:" + (document.body.dataset.user ?? "") + ":", slot = (form) => mine + form.dataset.kept;
  const fields = (form) => [...form.elements].filter((f) => f.name && f.type !== "file" && f.type !== "hidden" && f.tagName !== "BUTTON");
  const form = document.querySelector("form[data-kept]");
  if (form) {
    sessionStorage.removeItem("sent"); // It came back to be checked.
    const texts = ["title", "description"].map((name) => form.elements[name]);
    const kept = JSON.parse(localStorage.getItem(slot(form)) ?? "null");
    if (kept && texts.every((f) => !f.value)) {
      const fill = () => fields(form).forEach((f) => { if (kept[f.name] !== undefined) put(f, kept[f.name]); });
      const project = form.elements.project?.value;
      fill();
      form.querySelector("[data-restored]").hidden = false;
      if (form.elements.project?.value !== project) ask(form).then(fill);
    }
    form.querySelector("[data-forget]").addEventListener("click", () => {
      localStorage.removeItem(slot(form));
      form.reset();
      form.querySelector("[data-restored]").hidden = true;
      form.elements.title.focus();
    });
    let later;
    form.addEventListener("input", (event) => {
      if (texts.some((f) => f.value)) localStorage.setItem(slot(form), JSON.stringify(Object.fromEntries(fields(form).map((f) => [f.name, f.value]))));
      else localStorage.removeItem(slot(form));
      if (!["title", "project"].includes(event.target.name)) return;
      clearTimeout(later);
      later = setTimeout(() => ask(form), 500);
    });
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
