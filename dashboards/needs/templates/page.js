"use strict";
(function () {
  var data = JSON.parse(document.getElementById("states").textContent);
  var byId = function (id) { return document.getElementById(id); };
  var all = function (selector, root) { return Array.from((root || document).querySelectorAll(selector)); };
  var root = document.documentElement;

  function speak(lang) {
    root.lang = root.dataset.lang = lang;
    all("[data-id][data-en]").forEach(function (e) {
      if (e.tagName === "OPTION") { e.textContent = e.dataset[lang]; } else if (e.tagName === "svg") { e.setAttribute("aria-label", e.dataset[lang]); }
    });
    all("[data-to]").forEach(function (b) { b.setAttribute("aria-pressed", String(b.dataset.to === lang)); });
    all("a[href*='.html']").forEach(function (a) { a.setAttribute("href", a.getAttribute("href").replace(/(\.html)(\?lang=en)?/, lang === "en" ? "$1?lang=en" : "$1")); });
    filter();
  }

  function showOperator() {
    var operator = byId("map-operator").value, counts = {};
    Object.keys(data.villages).forEach(function (code) {
      var state = data.villages[code][operator] || "not_measured", style = data.styles[state];
      counts[state] = (counts[state] || 0) + 1;
      all('#map [data-code="' + code + '"]').forEach(function (p) { p.setAttribute("fill", style.colour); });
      all('#map [data-hall="' + code + '"]').forEach(function (g) {
        g.dataset.state = state;
        g.querySelector("circle").setAttribute("fill", style.colour);
        var text = g.querySelector("text");
        text.textContent = style.symbol;
        text.setAttribute("fill", style.ink);
      });
    });
    all("#legend li").forEach(function (li) { li.querySelector(".count").textContent = counts[li.dataset.state] || 0; });
  }

  function filter() {
    var text = byId("f-text").value.trim().toLowerCase(), state = byId("f-state").value, diagnosis = byId("f-diagnosis").value;
    var asked = Boolean(text || state || diagnosis), shown = 0, total = 0;
    all("details.kecamatan").forEach(function (box) {
      var here = 0;
      all("tr[data-code]", box).forEach(function (row) {
        var d = row.dataset, fits = (!text || d.desa.toLowerCase().includes(text) || box.dataset.kecamatan.toLowerCase().includes(text))
          && (!state || d.state === state) && (!diagnosis || d.diagnoses.split(" ").includes(diagnosis));
        row.hidden = !fits;
        byId("d-" + d.code).hidden = !fits;
        here += fits ? 1 : 0;
        total += 1;
      });
      shown += here;
      box.hidden = here === 0;
      if (asked) { box.open = here > 0; }
    });
    byId("shown").textContent = byId("shown").dataset[root.dataset.lang].replaceAll("{n}", shown).replaceAll("{all}", total);
  }

  function openVillage(code) {
    var box = byId("d-" + code);
    if (!box) { return; }
    var home = box.closest("details.kecamatan");
    home.hidden = false;
    home.open = true;
    box.hidden = false;
    box.open = true;
    box.scrollIntoView();
    box.querySelector("summary").focus();
  }

  all("svg.map").forEach(function (map) {
    map.addEventListener("click", function (event) {
      var shape = event.target.closest("[data-code], [data-hall]");
      if (shape) { openVillage(shape.dataset.code || shape.dataset.hall); }
    });
  });
  all(".villages a").forEach(function (a) {
    a.addEventListener("click", function (event) { event.preventDefault(); openVillage(a.getAttribute("href").slice(3)); });
  });
  all("[data-to]").forEach(function (b) { b.addEventListener("click", function () { speak(b.dataset.to); }); });
  byId("filter").addEventListener("submit", function (event) { event.preventDefault(); });
  byId("map-operator").addEventListener("change", showOperator);
  ["f-text", "f-state", "f-diagnosis"].forEach(function (id) { byId(id).addEventListener("input", filter); });
  window.addEventListener("beforeprint", function () { all("details.kecamatan").forEach(function (box) { box.open = true; }); });
  speak(/[?&]lang=en\b/.test(location.search) ? "en" : "id");
  if (location.hash.startsWith("#d-")) { openVillage(location.hash.slice(3)); }
}());
