// What pages do by themselves: cards follow the servers, times go on counting, addresses are copied. All works without.
"use strict";

(() => {
  const SLOW = 20000; // milliseconds between looks where nothing tells of changes

  const cards = () => [...document.querySelectorAll("[data-server][data-card]")];

  function refresh(card) {
    if (card.matches(".htmx-request") || card.querySelector(".htmx-request")) return; // a button was pressed just now
    htmx.ajax("GET", card.dataset.card, { target: card, swap: "outerHTML", source: card });
  }

  // A phase that changed is told to whoever does not see it.
  const told = new Map();
  function tell() {
    for (const card of cards()) {
      const before = told.get(card.dataset.server);
      told.set(card.dataset.server, card.dataset.phase);
      if (before !== undefined && before !== card.dataset.phase)
        document.getElementById("announce").textContent = `${card.dataset.name}: ${card.dataset.phase}`;
    }
  }

  function live(place) {
    let open = false;
    const source = new EventSource(place.dataset.live);
    source.onopen = () => { open = true; };
    source.onerror = () => { open = false; };
    source.addEventListener("end", () => { open = false; });
    source.addEventListener("server", (event) => {
      const server = JSON.parse(event.data);
      const card = cards().find((each) => each.dataset.server === server.id);
      if (card && card.dataset.version !== String(server.version)) refresh(card);
    });
    setInterval(() => { if (!open && !document.hidden) cards().forEach(refresh); }, SLOW);
    addEventListener("pagehide", () => source.close());
  }

  const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  function count() {
    const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
    for (const each of document.querySelectorAll("time[data-relative]")) {
      const away = (new Date(each.dateTime) - Date.now()) / 1000;
      const [unit, length] = STEPS.find(([, length]) => Math.abs(away) >= length * 1.5) || STEPS[3];
      const text = words.format(Math.round(away / length) || -0, unit);
      if (each.textContent !== text) each.textContent = text;
    }
  }

  function copying() {
    for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = !navigator.clipboard;
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    document.getElementById("announce").textContent = button.dataset.copied || "✓";
  });

  document.addEventListener("htmx:afterSettle", () => { tell(); count(); copying(); });
  document.addEventListener("DOMContentLoaded", () => {
    tell();
    count();
    copying();
    document.querySelectorAll("[data-live]").forEach(live);
    setInterval(count, 15000);
  });
})();
