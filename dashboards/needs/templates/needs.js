"use strict";
(function () {
  var states = JSON.parse(document.getElementById("states").textContent);
  var byId = function (id) { return document.getElementById(id); };
  var all = function (selector) { return Array.from(document.querySelectorAll(selector)); };
  var symbols = {}, titles = {};
  all("#legend li[data-state]").forEach(function (li) {
    symbols[li.dataset.state] = li.querySelector(".chip").textContent;
    titles[li.dataset.state] = li.querySelector("span:nth-of-type(2)").firstChild.textContent.trim();
  });

  function showOperator() {
    var operator = byId("map-operator").value, counts = {};
    all("#map [data-code]").forEach(function (shape) {
      var state = states[shape.dataset.code][operator] || "not_measured";
      shape.setAttribute("class", (shape.tagName === "g" ? "hall " : "") + "s-" + state);
      var text = shape.querySelector("text"), title = shape.querySelector("title");
      if (text) { text.textContent = symbols[state]; counts[state] = (counts[state] || 0) + 1; }
      if (title && operator !== "best") { title.textContent = title.textContent.split(":")[0] + ": " + titles[state] + " (" + operator + ")"; }
    });
    all("#legend li[data-state]").forEach(function (li) { li.querySelector(".count").textContent = counts[li.dataset.state] || 0; });
    document.querySelector("#map .partly").style.display = operator === "best" ? "" : "none";
  }

  var rows = all("#ranked tbody tr");
  function filter() {
    var text = byId("f-text").value.trim().toLowerCase(), shown = 0, villages = {};
    var kecamatan = byId("f-kecamatan").value, operator = byId("f-operator").value, diagnosis = byId("f-diagnosis").value;
    rows.forEach(function (row) {
      var d = row.dataset;
      var fits = (!text || d.desa.toLowerCase().includes(text)) && (!kecamatan || d.kecamatan === kecamatan)
        && (!operator || d.operator === operator)
        && (!diagnosis || (diagnosis === "measured" ? !["not_measured", "heard", "absent"].includes(d.diagnosis) : d.diagnosis === diagnosis));
      row.hidden = !fits;
      if (fits) { shown += 1; villages[d.code] = true; }
    });
    all("details[data-desa]").forEach(function (box) { box.hidden = !villages[box.id.slice(2)]; });
    byId("shown").textContent = byId("shown").dataset.text.replaceAll("{n}", shown).replaceAll("{all}", rows.length);
  }

  function sort(key, down) {
    var value = function (row) {
      var cell = row.dataset[key];
      if (key === "desa" || key === "kecamatan") { return cell; }
      return cell === "" ? null : Number(cell);
    };
    rows.sort(function (a, b) {
      var x = value(a), y = value(b);
      if (x === null || y === null) { return (x === null) - (y === null) || a.dataset.rank - b.dataset.rank; }
      var order = typeof x === "string" ? x.localeCompare(y, "id") : x - y;
      return (down ? -order : order) || a.dataset.rank - b.dataset.rank;
    });
    var body = document.querySelector("#ranked tbody");
    rows.forEach(function (row) { body.appendChild(row); });
    all("#ranked th[data-sort]").forEach(function (th) {
      if (th.dataset.sort === key) { th.setAttribute("aria-sort", down ? "descending" : "ascending"); } else { th.removeAttribute("aria-sort"); }
    });
    byId("f-sort").value = key;
  }

  all("#ranked th[data-sort]").forEach(function (th) {
    var button = document.createElement("button");
    button.type = "button";
    while (th.firstChild) { button.appendChild(th.firstChild); }
    th.appendChild(button);
    button.addEventListener("click", function () { sort(th.dataset.sort, th.getAttribute("aria-sort") === "ascending"); });
  });

  function openVillage(code) {
    var box = byId("d-" + code);
    if (!box) { return; }
    box.hidden = false;
    box.open = true;
    box.scrollIntoView();
    box.querySelector("summary").focus();
  }

  all("#map [data-code]").forEach(function (shape) { shape.addEventListener("click", function () { openVillage(shape.dataset.code); }); });
  all("#ranked a").forEach(function (a) {
    a.addEventListener("click", function (event) { event.preventDefault(); openVillage(a.getAttribute("href").slice(3)); });
  });
  byId("filter").addEventListener("submit", function (event) { event.preventDefault(); });
  byId("map-operator").addEventListener("change", showOperator);
  ["f-text", "f-kecamatan", "f-operator", "f-diagnosis"].forEach(function (id) { byId(id).addEventListener("input", filter); });
  byId("f-sort").addEventListener("change", function () { sort(byId("f-sort").value, false); });
  byId("open-all").addEventListener("click", function () { all("details[data-desa]").forEach(function (box) { box.open = true; }); });
  if (location.hash.startsWith("#d-")) { openVillage(location.hash.slice(3)); }
}());
