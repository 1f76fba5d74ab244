// The page /check with a script: asks about a number without telling the server which.

import { questionAbout } from "./asking.js";
import { Unreadable, subjectOf } from "./subject.js";

const API = "/v1/check";

class TooOften extends Error {}

async function answered(body) {
  const sent = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const answer = await fetch(API, { credentials: "omit", referrerPolicy: "no-referrer", ...sent });
  if (answer.status === 429) throw new TooOften();
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

// Shows what was found, out of the sentences that stand in the page, and as what we read the text.
function show(outcome, readAs) {
  for (const part of document.querySelectorAll("[data-outcome]")) {
    part.hidden = part.dataset.outcome !== outcome;
  }
  const shown = document.getElementById("read-as");
  shown.hidden = !readAs;
  shown.querySelector("code").textContent = readAs;
}

async function ask({ text, bank }, place) {
  let readAs = "";
  try {
    const subject = subjectOf(text.value, bank.value, place);
    readAs = subject.key;
    const question = await questionAbout(subject, await answered());
    show(await question.read(await answered(question.body)), readAs);
  } catch (error) {
    if (error instanceof Unreadable) show("unreadable", "");
    else show(error instanceof TooOften ? "too_often" : "failed", readAs);
  }
}

// Without a safe context there is no SHA-2 here; then the plain form stays, and says what it does.
if (globalThis.isSecureContext && crypto.subtle) {
  const form = document.getElementById("private");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    show("asking", "");
    await ask(form.elements, JSON.parse(form.dataset.place));
    button.disabled = false;
  });
  document.getElementById("private-part").hidden = false;
  document.getElementById("plain-part").remove();
}
