document.documentElement.lang = "en";

// Keys for those who do not reach for a mouse: "/" finds a case, "g" then "t", "c", "s", "r" or "h" goes to a page. Never while something is typed.
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

// What this tab remembers it remembers for one person: another one who signs in here finds nothing of it, the same one finds it again.
// Who signs out leaves nothing.
const { who } = document.currentScript.dataset, OURS = "rso ";
const kept = {
  left: false,
  read: (name, none) => JSON.parse(sessionStorage.getItem(`${OURS}${who} ${name}`)) ?? none,
  write(name, value) {
    if (!this.left) sessionStorage.setItem(`${OURS}${who} ${name}`, JSON.stringify(value));
  },
  leave() {
    this.left = true;
    for (const name of Object.keys(sessionStorage)) if (name.startsWith(OURS)) sessionStorage.removeItem(name);
  },
};
document.addEventListener("submit", ({ target }) => {
  if (target.matches("form[action='/operations/sign-out']")) kept.leave();
});

// Cases chosen in a list, by id. They stay chosen while the list is drawn anew, and in this tab when one comes back to it.
const chosen = new Map(kept.read("chosen", []));
let acting = false;

function tick() {
  for (const box of document.querySelectorAll("input[data-pick]")) {
    box.disabled = acting;
    box.checked = chosen.has(box.dataset.pick);
  }
  refocus();
  retype();
  offer();
  meanwhile();
}

// What was typed in a form is there again when the page had to be loaded anew, in this tab and until it was done.
const typing = `typed ${location.pathname}`, typed = kept.read(typing, {});
const place = ({ form, name }) => `${form.dataset.act} ${name}`;
const note = () => kept.write(typing, typed);
document.addEventListener("input", ({ target }) => {
  if (!target.form?.dataset.act) return;
  typed[place(target)] = target.value;
  note();
});
function retype() {
  for (const field of document.querySelectorAll("form[data-act] [name]")) {
    if (field.met) continue;
    field.met = true;
    const text = typed[place(field)];
    if (!text || field.value) continue;
    field.value = text;
    field.closest("details").open = true;
  }
}
function forget(form) {
  form.reset();
  for (const name of Object.keys(typed)) if (name.startsWith(`${form.dataset.act} `)) delete typed[name];
  note();
}

// What a form chooses from follows the case; a form that has nothing to choose from is not there. What was chosen stays chosen.
function offer() {
  for (const select of document.querySelectorAll("select[data-of]")) {
    const from = document.querySelector(`template[data-choices="${select.dataset.of}"]`);
    if (!from || select.offered === from.innerHTML) continue;
    const value = select.value || typed[place(select)];
    select.offered = from.innerHTML;
    select.replaceChildren(new Option("", ""), from.content.cloneNode(true));
    select.value = [...select.options].some((option) => option.value === value) ? value : "";
    select.form.hidden = select.options.length < 2;
  }
}

// Who is in the middle of a form hears what others did to the case since.
let seen = 0;
const begun = () => [...document.querySelectorAll(".acts form")].some((form) => [...form.elements].some(({ value }) => value));
function meanwhile() {
  const now = document.querySelector("template[data-position]"), told = document.getElementById("meanwhile");
  if (!now || !told) return;
  const position = Number(now.dataset.position), more = position - seen;
  if (!begun()) seen = position;
  const text = begun() && more > 0 ? `Since you began, the case has changed (${more}): ${now.dataset.last}` : "";
  if (told.textContent !== text) told.textContent = text;
}
document.addEventListener("input", meanwhile);

// Where the keyboard stood, so that it stands there again when what is shown was drawn anew. Whoever points elsewhere has left.
let stood = "";
function refocus() {
  if (stood && document.activeElement === document.body) document.querySelector(stood)?.focus({ preventScroll: true });
}
document.addEventListener("focusin", ({ target }) => {
  const { dataset: { pick }, tagName } = target, link = target.getAttribute("href");
  stood = pick ? `input[data-pick="${CSS.escape(pick)}"]` : tagName === "A" && link ? `main a[href="${CSS.escape(link)}"]` : "";
});
document.addEventListener("pointerdown", () => { stood = ""; });

function keep() {
  kept.write("chosen", [...chosen]);
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
  if (done) forget(form);
  button.disabled = false;
});

// Coming back to a page finds it where it was left. Its content is drawn late, so the browser cannot do that by itself.
history.scrollRestoration = "manual";
const scrolled = `scroll ${location.pathname}${location.search}`;
addEventListener("pagehide", () => kept.write(scrolled, scrollY));
document.addEventListener("DOMContentLoaded", () => {
  const left = kept.read(scrolled, 0), [{ type } = {}] = performance.getEntriesByType("navigation");
  if (!left || type === "navigate") return;
  const until = performance.now() + 5000, moved = new AbortController();
  for (const name of ["wheel", "keydown", "pointerdown"]) addEventListener(name, () => moved.abort(), { once: true });
  const back = () => {
    if (moved.signal.aborted || performance.now() > until) return;
    scrollTo(0, left);
    if (Math.abs(scrollY - left) > 1) requestAnimationFrame(back);
  };
  back();
});
