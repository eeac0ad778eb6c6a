// A sign-in ends when it is not used for long, and at last in any case. Two minutes before, a box says so, and what is
// being written stays on the page. What other pages of this browser do counts, too.
"use strict";

const warnAhead = 120;
let sessionTimer;

// signedIn says for how many seconds the sign-in still lasts: without use, and at most.
function signedIn(left, most) {
  const ends = Date.now() + 1000 * left;
  localStorage.setItem("session-ends", String(ends));
  watchSession(ends, ends + 1000 * (most - left));
}

function watchSession(ends, last) {
  const box = document.getElementById("session-end");
  if (!box) return;
  clearTimeout(sessionTimer);
  const left = Math.round((ends - Date.now()) / 1000), over = left <= 0;
  if (left > warnAhead) {
    box.hidden = true;
    sessionTimer = setTimeout(() => watchSession(Math.min(last, Math.max(ends, Number(localStorage.getItem("session-ends")))), last), Math.min(1000 * (left - warnAhead), 2 ** 30));
    return;
  }
  const final = last - ends < 60000, shown = box.hidden;
  const what = over ? "over" : final ? "last" : "soon";
  box.querySelectorAll("[data-session]").forEach((part) => { part.hidden = !part.dataset.session.split(" ").includes(what); });
  box.hidden = false;
  if (shown && document.activeElement === document.body) box.querySelector("button:not([hidden])")?.focus();
  if (!over) sessionTimer = setTimeout(() => watchSession(Math.min(last, Math.max(ends, Number(localStorage.getItem("session-ends")))), last), 1000 * Math.max(1, left));
}

async function staySignedIn() {
  const answer = await fetch("/session", { method: "POST", redirect: "manual" }).catch(() => null);
  if (!answer) return; // No connection: the box stays.
  if (!answer.ok) { watchSession(Date.now() - 1000, Date.now()); return; }
  const now = await answer.json();
  signedIn(now.left, now.most);
}

if (document.body.dataset.left) {
  signedIn(Number(document.body.dataset.left), Number(document.body.dataset.most));
  document.querySelector("[data-stay]").addEventListener("click", staySignedIn);
  addEventListener("storage", (event) => { // Another page was used, or somebody has signed in there.
    if (event.key === "session-ends" && Number(event.newValue) > Date.now() + 1000 * warnAhead) staySignedIn();
  });
}
