// The board: cards are dragged from column to column. Each card has a menu that does the same.
"use strict";

function armBoard() {
  const board = document.querySelector("[data-board]");
  if (!board || !matchMedia("(pointer: fine)").matches) return;
  document.querySelector("[data-hint]").hidden = false;
  board.querySelectorAll(".card-of:has(form)").forEach((card) => { card.draggable = true; });
}
armBoard();
addEventListener("letterbox:loaded", armBoard);

let dragged = null;
document.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.(".card-of[draggable]");
  if (!card) return;
  dragged = card;
  card.classList.add("moving");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "#" + card.dataset.number);
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("moving");
  dragged = null;
  document.querySelectorAll(".column.over").forEach((column) => column.classList.remove("over"));
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const column = event.target.closest?.(".column");
    if (!dragged || !column) return;
    event.preventDefault();
    column.classList.toggle("over", kind === "dragover");
    if (kind !== "drop" || column.contains(dragged)) return;
    const form = dragged.querySelector("form");
    const options = [...form.elements.state.options];
    const to = options.find((o) => o.value === column.dataset.state) || options.find((o) => o.dataset.base === column.dataset.base);
    if (!to) return;
    form.elements.state.value = to.value;
    form.requestSubmit();
  });
}
