// Keys for those who do not reach for a mouse: "/" finds a case, "g" then "t", "c", "s" or "r" goes to a page. Never while something is typed.
(() => {
  let waiting = false;
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("find")?.focus();
    } else if (waiting) {
      const link = document.querySelector(`header.bar a[accesskey="${CSS.escape(event.key)}"]`);
      if (link) link.click();
    }
    waiting = event.key === "g";
  });
})();

// Cases chosen in a list, by id. They stay chosen while the list is drawn anew, and in this tab when one comes back to it.
const chosen = new Map(JSON.parse(sessionStorage.getItem("chosen") || "[]"));
let picked = "", acting = false;

function tick() {
  for (const box of document.querySelectorAll("input[data-pick]")) {
    box.disabled = acting;
    box.checked = chosen.has(box.dataset.pick);
    if (picked === box.dataset.pick && document.activeElement === document.body) box.focus();
  }
}

function keep() {
  sessionStorage.setItem("chosen", JSON.stringify([...chosen]));
}

// What is listed has changed: whoever was about to do what cannot be taken back is asked anew.
function preview() {
  const bulk = document.getElementById("bulk");
  keep();
  if (!bulk) return;
  for (const form of bulk.querySelectorAll("form")) {
    delete form.dataset.sure;
    form.querySelector("output").textContent = "";
  }
  bulk.hidden = !chosen.size;
  bulk.querySelector("summary").textContent = `Act on the chosen cases: ${chosen.size}`;
  bulk.querySelector(".chosen").replaceChildren(...[...chosen].map(([id, name]) => {
    const item = document.createElement("li"), said = document.createElement("output");
    item.dataset.case = id;
    item.append(name, " ", said);
    return item;
  }));
}

document.addEventListener("change", ({ target }) => {
  if (!target.dataset.pick) return;
  if (target.checked) chosen.set(target.dataset.pick, target.getAttribute("aria-label"));
  else chosen.delete(target.dataset.pick);
  preview();
});
document.addEventListener("focusin", ({ target }) => { picked = target.dataset.pick || ""; });
document.addEventListener("click", ({ target }) => {
  if (acting || !target.matches("#bulk > button")) return;
  chosen.clear();
  preview();
  tick();
});
document.addEventListener("DOMContentLoaded", () => {
  preview();
  tick();
  new MutationObserver(tick).observe(document.body, { childList: true, subtree: true });
});

// One act on one case, with a key that stays the same until there is an answer, so that a second try is never a second act. Other words
// are another act.
const keys = new Map();
async function send(form, address, said) {
  const body = new URLSearchParams(new FormData(form)), act = `${address}?${body}`;
  if (!keys.has(act)) keys.set(act, crypto.randomUUID?.() ?? String(Date.now()) + Math.random());
  said.className = "late";
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { "Idempotency-Key": keys.get(act) } });
    const told = await answer.json();
    if (answer.ok) said.className = "";
    said.textContent = answer.ok ? told.done : told.detail;
    if (answer.status < 500) keys.delete(act);
    return answer.ok;
  } catch {
    said.textContent = "No answer. What you typed is kept: try again.";
    return false;
  }
}

// In bulk: exactly the cases that are listed when the button is pressed, one after the other, each with its own result; a second try goes to those alone that it was not done for.
async function sendToAll(form, said) {
  const listed = form.closest("#bulk").querySelectorAll("li[data-case]");
  let done = 0;
  acting = true;
  tick();
  for (const item of listed) {
    if (!await send(form, form.dataset.act + item.dataset.case, item.querySelector("output"))) continue;
    chosen.delete(item.dataset.case);
    delete item.dataset.case;
    done += 1;
  }
  acting = false;
  keep();
  tick();
  said.className = done === listed.length ? "" : "late";
  said.textContent = listed.length
    ? `Done for ${done} of ${listed.length}; each case says its own result above.` : "No case is chosen any more.";
  return done === listed.length;
}

// What was typed stays until it was done. An act that cannot be taken back asks once more.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.act) return;
  event.preventDefault();
  if (acting) return;
  const said = form.querySelector("output"), button = form.querySelector("button");
  if (form.dataset.final && !form.dataset.sure) {
    form.dataset.sure = "1";
    said.textContent = "This cannot be taken back. Press again to do it.";
    return;
  }
  delete form.dataset.sure;
  button.disabled = true;
  const done = form.closest("#bulk") ? await sendToAll(form, said) : await send(form, form.dataset.act, said);
  if (done) form.reset();
  button.disabled = false;
});
