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
