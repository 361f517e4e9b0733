"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const text = byId("filter-text"), code = byId("filter-code"), effort = byId("filter-effort");
  const todo = [...document.querySelectorAll(".todo li[data-path]")];
  const files = [...document.querySelectorAll("details.file")];

  const rows = [...document.querySelectorAll("details.rows tr[data-words]")];

  const fits = (element) => {
    const wanted = text.value.trim().toLowerCase();
    const data = element.dataset;
    return (!wanted || (data.path || "").toLowerCase().includes(wanted) || (data.words || "").toLowerCase().includes(wanted))
      && (!code.value || data.codes === undefined || data.codes.split(" ").includes(code.value))
      && (!effort.value || data.effort === undefined || data.effort === effort.value);
  };
  const filter = () => {
    for (const element of [...todo, ...files, ...rows]) element.hidden = !fits(element);
    if (text.value.trim())
      for (const table of document.querySelectorAll("details.rows"))
        if (table.querySelector("tr[data-words]:not([hidden])")) table.open = true;
    for (const stage of document.querySelectorAll(".stage"))
      stage.hidden = !stage.querySelector("li:not([hidden])");
    const shown = (list) => list.filter((element) => !element.hidden).length;
    byId("shown").textContent =
      [[todo, "to do"], [files, "files"], [rows, "rows"]].filter(([list]) => list.length)
        .map(([list, name]) => `${shown(list)} of ${list.length} ${name}`).join(", ");
  };
  for (const element of [text, code, effort]) element.addEventListener("input", filter);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(filter));

  const tables = [...document.querySelectorAll("details.rows")];
  const open = (yes) => [...files, ...tables].forEach((part) => { if (!part.hidden) part.open = yes; });
  byId("open").addEventListener("click", () => open(true));
  byId("close").addEventListener("click", () => open(false));

  const reveal = () => {
    const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      at.hidden = false;
      if (at.tagName === "DETAILS") at.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "/" && !typing) { event.preventDefault(); text.focus(); text.select(); }
    if (event.key === "Escape" && event.target === text) { text.value = ""; filter(); }
    if (typing || (event.key !== "j" && event.key !== "k")) return;
    const list = files.filter((file) => !file.hidden).map((file) => file.querySelector("summary"));
    const at = list.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1);
    if (list.length) list[Math.max(0, Math.min(at, list.length - 1))].focus();
  });

  // What was ticked is remembered by the browser, if it lets a page remember anything.
  const key = "codemods " + document.documentElement.dataset.run;
  try {
    const done = new Set(JSON.parse(localStorage.getItem(key) || "[]"));
    for (const box of document.querySelectorAll(".todo input")) {
      box.checked = done.has(box.id);
      box.addEventListener("change", () => {
        if (box.checked) done.add(box.id); else done.delete(box.id);
        try { localStorage.setItem(key, JSON.stringify([...done])); } catch { /* only for this view */ }
      });
    }
  } catch { /* only for this view */ }
  byId("filters").hidden = false;
  filter();
  reveal();
})();
