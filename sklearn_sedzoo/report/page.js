"use strict";
(async function () {
  const GROUPS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000"];
  const status = document.getElementById("status");
  const $ = (id) => document.getElementById(id);

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  const decode = async (text) => new TextDecoder().decode(await unpack(text));

  if (typeof DecompressionStream === "undefined") {
    status.textContent = "This page needs a browser of 2023 or newer.";
    return;
  }
  const zoo = JSON.parse(await decode($("data").textContent));
  const library = document.createElement("script");
  library.textContent = await decode($("plotly").textContent);
  document.head.appendChild(library);
  for (const part of ["flux", "residual"]) zoo[part].values = await unpack(zoo[part].data);

  const nCells = zoo.cells.x.length, nBins = zoo.wavelength.length;
  const place = new Map(zoo.stored.map((row, i) => [row, i]));
  const members = Array.from({ length: nCells }, () => []);
  zoo.cell.forEach((cell, row) => { if (cell >= 0) members[cell].push(row); });
  const xTitle = zoo.hasWavelength ? "wavelength [Å]" : "pixel";
  const clusters = [...new Set(zoo.cluster)].filter((c) => c >= 0).sort((a, b) => a - b);
  const config = { responsive: true, displayModeBar: false };
  const layout = (more) => Object.assign({
    margin: { l: 56, r: 12, t: 12, b: 44 }, height: 320, showlegend: false, hovermode: "closest",
    font: { family: "system-ui, sans-serif", size: 13, color: "#222" },
  }, more);

  const name = (key) => key.replaceAll("_", " ") + (zoo.units[key] ? " [" + zoo.units[key] + "]" : "");
  function show(value) {
    if (value === null || value === undefined) return "unknown";
    const size = Math.abs(value);
    return size && (size >= 1e6 || size < 1e-3) ? value.toExponential(2) : Number(value.toPrecision(4)).toString();
  }
  function quantile(values, share) {
    const known = values.filter((v) => v !== null && v !== undefined).sort((a, b) => a - b);
    if (!known.length) return null;
    const at = share * (known.length - 1), low = Math.floor(at);
    return known[low] + (at - low) * ((known[low + 1] ?? known[low]) - known[low]);
  }
  function read(part, row) {
    const i = place.get(row);
    if (i === undefined) return null;
    const { low, width, most, values } = zoo[part];
    return Array.from(values.subarray(i * nBins, (i + 1) * nBins), (v) => low[i] + width[i] * v / most);
  }
  function mean(rows) {
    const kept = rows.map((row) => read("flux", row)).filter(Boolean);
    return kept.length ? kept[0].map((_, i) => kept.reduce((sum, s) => sum + s[i], 0) / kept.length) : null;
  }
  function mode(values) {
    const count = new Map();
    values.forEach((v) => count.set(v, (count.get(v) || 0) + 1));
    return [...count].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
  }
  function chips(id, rows) {
    $(id).replaceChildren(...rows.map((row) => {
      const button = document.createElement("button");
      button.textContent = zoo.ids[row];
      button.dataset.row = row;
      button.addEventListener("click", () => showGalaxy(row));
      return button;
    }));
  }
  function table(id, head, rows) {
    const line = (cells, kind) => {
      const tr = document.createElement("tr");
      cells.forEach((text, i) => {
        const cell = document.createElement(i === 0 ? "th" : kind);
        cell.textContent = text;
        tr.appendChild(cell);
      });
      return tr;
    };
    const made = document.createElement("table");
    if (head) made.appendChild(line(head, "th"));
    rows.forEach((row) => made.appendChild(line(row, "td")));
    $(id).replaceChildren(made);
  }

  const shades = { "number of spectra": members.map((rows) => rows.length), "cluster": null };
  for (const key of Object.keys(zoo.properties)) {
    shades[key] = members.map((rows) => quantile(rows.map((row) => zoo.properties[key][row]), 0.5));
  }
  shades["distance to neighboring cells"] = zoo.uMatrix;
  const outside = new Set(zoo.outside || []);
  if (zoo.outside) {
    const share = (rows) => rows.length ? rows.filter((row) => outside.has(row)).length / rows.length : null;
    shades["share out of domain"] = members.map(share);
  }
  const select = $("shade");
  Object.keys(shades).forEach((key) => select.add(new Option(key in zoo.units ? name(key) : key, key)));
  const firstProperty = Object.keys(zoo.properties).find((key) => new Set(zoo.properties[key]).size > 1);
  select.value = firstProperty || "number of spectra";

  const extent = (values) => [Math.min(...values), Math.max(...values)];
  const [x0, x1] = extent(zoo.cells.x), [y0, y1] = extent(zoo.cells.y);
  const palette = (key) => key === "cluster"
    ? members.map((rows) => rows.length ? GROUPS[clusters.indexOf(mode(rows.map((r) => zoo.cluster[r]))) % 8] : "#eee")
    : shades[key];
  function sizes() {
    const room = $("map").clientWidth || 400, bar = 96;
    const step = Math.min((room - 8 - bar) / (x1 - x0 + 1.2), 60);
    return { step, bar, width: step * (x1 - x0 + 1.2) + 8 + bar, height: step * (y1 - y0 + 1.2) + 16 };
  }
  function drawMap() {
    const key = select.value, { step, bar, width, height } = sizes();
    const hover = members.map((rows, cell) => "cell " + cell + ": " + rows.length + " spectra"
      + Object.keys(zoo.properties).map((k) => "<br>" + name(k) + ": " + show(shades[k][cell])).join("")
      + (rows.length ? "<br>mostly cluster " + mode(rows.map((r) => zoo.cluster[r])) : ""));
    const marker = {
      symbol: zoo.isHexagonal ? "hexagon" : "square", size: step * (zoo.isHexagonal ? 1.1 : 0.96),
      color: palette(key), opacity: palette(key).map((value) => value === null ? 0 : 1), // empty cells stay grey colorscale: "Viridis", showscale: key !== "cluster",
      colorbar: { thickness: 12, len: 0.9, title: { text: key in zoo.units ? name(key) : key, side: "right" } },
      line: { width: members.map((_, cell) => cell === drawMap.chosen ? 3 : 0), color: "#D55E00" },
    };
    const empty = { x: zoo.cells.x, y: zoo.cells.y, mode: "markers", hoverinfo: "skip",
      marker: { symbol: marker.symbol, size: marker.size, color: "#eee" } };
    const cells = { x: zoo.cells.x, y: zoo.cells.y, mode: "markers", marker, text: hover, hoverinfo: "text" };
    return Plotly.react("map", [empty, cells], layout({
      width, height, margin: { l: 8, r: bar, t: 8, b: 8, autoexpand: false }, dragmode: false,
      xaxis: { visible: false, range: [x0 - 0.6, x1 + 0.6], fixedrange: true },
      yaxis: { visible: false, range: [y1 + 0.6, y0 - 0.6], fixedrange: true },
    }), { displayModeBar: false });
  }

  function showCell(cell) {
    drawMap.chosen = cell;
    drawMap();
    const rows = members[cell];
    $("cell-title").textContent = "Cell " + cell + ": " + rows.length + (rows.length === 1 ? " spectrum" : " spectra");
    const kept = rows.filter((row) => place.has(row)).slice(0, 60);
    const traces = kept.map((row) => ({ x: zoo.wavelength, y: read("flux", row), mode: "lines", hoverinfo: "skip",
      line: { width: 0.6, color: "rgba(0,114,178,0.25)" } }));
    const average = mean(kept);
    if (average) traces.push({ x: zoo.wavelength, y: average, mode: "lines", name: "mean",
      line: { width: 2, color: "#D55E00" } });
    Plotly.react("cell-plot", traces, layout({ xaxis: { title: { text: xTitle } },
      yaxis: { title: { text: "normalized flux" } } }), config);
    table("cell-facts", ["", "median", "16 %", "84 %"], Object.keys(zoo.properties).map((key) => {
      const values = rows.map((row) => zoo.properties[key][row]);
      return [name(key), show(quantile(values, 0.5)), show(quantile(values, 0.16)), show(quantile(values, 0.84))];
    }));
    chips("members", rows.slice(0, 200));
  }

  function showGalaxy(row) {
    $("galaxy-title").textContent = "Galaxy " + zoo.ids[row] + " (cell " + zoo.cell[row] + ", cluster " + zoo.cluster[row] + ")";
    const flux = read("flux", row), residual = read("residual", row);
    if (flux) {
      const line = (y, color, label, axis, width) => ({ x: zoo.wavelength, y, mode: "lines", name: label, yaxis: axis,
        line: { color, width } });
      const near = zoo.near[row].filter((other) => place.has(other)).map((other, i) => ({ x: zoo.wavelength,
        y: read("flux", other), mode: "lines", hoverinfo: "skip", name: "nearest", legendgroup: "nearest", showlegend: i === 0,
        line: { width: 0.7, color: "rgba(0,158,115,0.5)" } }));
      Plotly.react("galaxy-plot", [...near, line(flux, "#999", "spectrum", "y", 3),
        line(flux.map((f, i) => f + residual[i]), "#D55E00", "reconstruction", "y", 1.2),
        line(residual, "#0072B2", "residual", "y2", 1)], layout({
        height: 400, showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
        margin: { l: 66, r: 12, t: 60, b: 44 },
        xaxis: { title: { text: xTitle }, anchor: "y2" }, yaxis: { domain: [0.36, 1], title: { text: "normalized flux" } },
        yaxis2: { domain: [0, 0.28], title: { text: "residual" }, exponentformat: "e", nticks: 4 },
      }), config);
    } else {
      Plotly.purge("galaxy-plot");
      $("galaxy-plot").textContent = "The page does not hold the spectrum of this galaxy.";
    }
    table("galaxy-facts", null, [
      ...(zoo.outside ? [["domain", outside.has(row) ? "out of domain: do not trust its place" : "in domain"]] : []),
      ...Object.keys(zoo.properties).map((key) => [name(key), show(zoo.properties[key][row])]),
      ...Object.keys(zoo.words).map((key) => [name(key), zoo.words[key][row]]),
    ]);
    $("near-title").textContent = "Nearest in the latents";
    chips("near", zoo.near[row]);
  }

  function drawLatents() {
    const key = select.value, values = zoo.properties[key];
    const color = values || zoo.cluster.map((c) => GROUPS[Math.max(clusters.indexOf(c), 0) % 8]);
    const second = zoo.latent.length > 1 ? zoo.latent[1] : zoo.latent[0].map(() => 0);
    Plotly.react("latent-plot", [{ x: zoo.latent[0], y: second, mode: "markers", type: "scattergl", text: zoo.ids,
      hoverinfo: "text", marker: { size: zoo.ids.length > 3000 ? 3 : 5, color, colorscale: "Viridis",
        showscale: Boolean(values), colorbar: { thickness: 12, title: { text: values ? name(key) : "", side: "right" } } } }],
    layout({ height: 420, xaxis: { title: { text: "latent 0" } }, yaxis: { title: { text: "latent 1" } } }), config);
  }

  function drawClusters() {
    const rows = clusters.map((c) => zoo.cluster.flatMap((label, row) => label === c ? [row] : []));
    Plotly.newPlot("cluster-plot", rows.map((own, i) => ({ x: zoo.wavelength,
      y: mean(own.filter((row) => place.has(row)).slice(0, 200)) || [], mode: "lines", name: "cluster " + clusters[i],
      line: { color: GROUPS[i % 8], width: 1.4 } })), layout({
      height: 360, margin: { l: 56, r: 12, t: 70, b: 44 },
      showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
      xaxis: { title: { text: xTitle } }, yaxis: { title: { text: "mean normalized flux" } } }), config);
    table("cluster-table", ["cluster", "spectra", ...Object.keys(zoo.properties).map((key) => "median " + name(key))],
      rows.map((own, i) => [String(clusters[i]), String(own.length), ...Object.keys(zoo.properties).map((key) =>
        show(quantile(own.map((row) => zoo.properties[key][row]), 0.5)))]));
  }

  function drawHistory() {
    const curves = ["loss", "val_loss"].filter((key) => (zoo.history[key] || []).length);
    if (!curves.length) return;
    Plotly.newPlot("history-plot", curves.map((key, i) => ({ y: zoo.history[key], x: zoo.history[key].map((_, j) => j + 1),
      mode: "lines", name: key === "loss" ? "training" : "validation", line: { color: GROUPS[i] } })),
    layout({ height: 260, margin: { l: 60, r: 12, t: 40, b: 44 }, showlegend: true,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, xaxis: { title: { text: "epoch" } },
      yaxis: { type: "log", title: { text: "loss" }, exponentformat: "power" } }), config);
  }

  document.querySelectorAll("#unusual [data-row]").forEach((button) => {
    button.addEventListener("click", () => showGalaxy(Number(button.dataset.row)));
  });
  if (outside.size) {
    $("outside").hidden = false;
    chips("outside-list", zoo.outside.slice(0, 300));
  }
  $("stability").hidden = !$("stability").querySelector("table");
  await drawMap();
  drawLatents();
  drawClusters();
  drawHistory();
  $("map").on("plotly_click", (event) => showCell(event.points[0].pointNumber));
  $("latent-plot").on("plotly_click", (event) => showGalaxy(event.points[0].pointNumber));
  select.addEventListener("change", () => { drawMap(); drawLatents(); });
  window.addEventListener("resize", drawMap);
  const fullest = members.reduce((best, rows, cell) => rows.length > members[best].length ? cell : best, 0);
  showCell(fullest);
  if (members[fullest].length) showGalaxy(members[fullest][0]);
  status.textContent = "";
  document.body.dataset.ready = "yes";
})().catch((error) => {
  document.getElementById("status").textContent = "The page could not be drawn: " + error.message;
  throw error;
});
