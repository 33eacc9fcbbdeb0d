
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  const button = document.getElementById("theme");
  const asked = new URLSearchParams(location.search).get("theme");
  if (asked === "dark" || asked === "light") root.dataset.theme = asked;
  const label = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Switch to the light theme" : "Switch to the dark theme");
    dispatchEvent(new Event("themechange"));
  };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; label(); });
  dark.addEventListener("change", label);
  label();

  // Sorting: upwards, downwards, and as it was. What is not known comes last in both.
  const keyOf = (row, i) => {
    const cell = row.cells[i];
    if (!cell) return null;
    if (!cell.classList.contains("n")) return cell.textContent.trim().toLowerCase();
    const n = parseFloat("v" in cell.dataset ? cell.dataset.v : cell.textContent.replaceAll(",", ""));
    return Number.isNaN(n) ? null : n;
  };
  const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
  const order = new WeakMap();
  const sort = (th) => {
    const table = th.closest("table");
    const bodies = [...table.tBodies].filter((b) => !b.classList.contains("fold"));
    if (!order.has(table)) order.set(table, bodies.map((b) => [...b.rows]));
    const before = th.getAttribute("aria-sort");
    const next = before === "ascending" ? "descending" : before === "descending" ? "none" : "ascending";
    for (const other of th.parentNode.cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    th.setAttribute("aria-sort", next);
    if (next === "none") {
      order.get(table).forEach((rows, i) => bodies[i].append(...rows));
      return;
    }
    const rows = order.get(table).flat().map((row) => [keyOf(row, th.cellIndex), row]);
    const known = rows.filter(([k]) => k !== null);
    known.sort(([a], [b]) => next === "ascending" ? compare(a, b) : compare(b, a));
    const sorted = known.concat(rows.filter(([k]) => k === null)).map(([, row]) => row);
    bodies.forEach((body, i) => body.append(...sorted.splice(0, order.get(table)[i].length)));
  };
  document.addEventListener("click", (e) => {
    const b = e.target.closest && e.target.closest("button.sort");
    if (b) sort(b.closest("th"));
  });

  // Rows that are folded away stand in a body of their own, behind one with the button.
  const fold = (body, hide) => {
    body.nextElementSibling.hidden = hide;
    const b = body.querySelector("button");
    b.setAttribute("aria-expanded", String(!hide));
    b.textContent = hide ? b.dataset.more : b.dataset.less;
  };
  for (const body of document.querySelectorAll("tbody.fold")) {
    fold(body, true);
    body.querySelector("button").addEventListener("click", () => fold(body, !body.nextElementSibling.hidden));
  }
  // A row that a link or a chart points to is made visible first.
  const reveal = (id) => {
    const row = id && document.getElementById(id);
    if (!row) return;
    for (let d = row.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    const body = row.closest("tbody");
    if (body && body.hidden) fold(body.previousElementSibling, false);
    if (row.tagName === "TR") {
      row.tabIndex = -1;
      row.focus({ preventScroll: true });
    }
    row.scrollIntoView({ block: "center" });
  };
  document.addEventListener("reveal", (e) => reveal(e.detail));
  addEventListener("hashchange", () => reveal(location.hash.slice(1)));
  if (location.hash.startsWith("#timeline-")) reveal(location.hash.slice(1));
  addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details")) d.open = true; });
})();
