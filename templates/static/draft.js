// What somebody begins to write of a new issue stays in this browser until it is sent; issues like it are shown meanwhile.
"use strict";

{
  const slot = (form) => "draft:" + form.dataset.kept;
  const fields = (form) => [...form.elements].filter((f) => f.name && f.type !== "file" && f.type !== "hidden" && f.tagName !== "BUTTON");
  const form = document.querySelector("form[data-kept]");
  if (form) {
    sessionStorage.removeItem("sent"); // It came back to be checked.
    const texts = ["title", "description"].map((name) => form.elements[name]);
    const kept = JSON.parse(localStorage.getItem(slot(form)) ?? "null");
    if (kept && texts.every((f) => !f.value)) {
      fields(form).forEach((f) => { if (kept[f.name] !== undefined) f.value = kept[f.name]; });
      form.querySelector("[data-restored]").hidden = false;
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
      later = setTimeout(() => showSimilar(form), 500);
    });
    form.addEventListener("submit", () => sessionStorage.setItem("sent", slot(form)));
  }
  const sent = sessionStorage.getItem("sent");
  if (sent && !form) { // The page after a form that was taken has no form.
    localStorage.removeItem(sent);
    sessionStorage.removeItem("sent");
  }
  if (location.pathname === "/signin") {
    Object.keys(localStorage).filter((key) => key.startsWith("draft:")).forEach((key) => localStorage.removeItem(key));
  }
}

async function showSimilar(form) {
  const place = document.getElementById("similar");
  const asked = new URLSearchParams({ project: form.elements.project?.value ?? "", title: form.elements.title.value });
  try {
    const answer = await fetch("/issues/new?" + asked);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (form.elements.title.value === asked.get("title")) place.replaceChildren(...(page.getElementById("similar")?.childNodes ?? []));
  } catch {
    place.replaceChildren();
  }
}
