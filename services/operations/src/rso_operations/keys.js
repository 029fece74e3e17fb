// Keys for those who do not reach for a mouse: "/" finds a case, "g" then "t" or "c" goes to a page. Never while something is typed.
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

// Acts: sent with a key that stays the same until there is an answer, so that a second try is never a second act. What was typed stays
// until it was done. An act that cannot be taken back asks once more.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.act) return;
  event.preventDefault();
  const said = form.querySelector("output"), button = form.querySelector("button");
  if (form.dataset.final && !form.dataset.sure) {
    form.dataset.sure = "1";
    said.textContent = "This cannot be taken back. Press again to do it.";
    return;
  }
  form.dataset.key ||= crypto.randomUUID?.() ?? String(Date.now()) + Math.random();
  button.disabled = true;
  try {
    const answer = await fetch(form.dataset.act, {
      method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "Idempotency-Key": form.dataset.key },
    });
    const told = await answer.json();
    said.className = answer.ok ? "" : "late";
    said.textContent = answer.ok ? told.done : told.detail;
    if (answer.status < 500) delete form.dataset.key;
    if (answer.ok) form.reset();
  } catch {
    said.className = "late";
    said.textContent = "No answer. What you typed is kept: try again.";
  }
  delete form.dataset.sure;
  button.disabled = false;
});
