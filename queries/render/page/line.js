
// Charts of lines.
(() => {
  "use strict";
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const short = (v) => {
    const a = Math.abs(v);
    for (const [n, s] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) if (a >= n) return +(v / n).toPrecision(4) + s;
    return String(+v.toPrecision(4));
  };
  const span = (ms) => {
    for (const [n, s] of [[86400e3, "d"], [3600e3, "h"], [60e3, "m"], [1e3, "s"]]) if (ms >= n) return +(ms / n).toPrecision(3) + s;
    return ms + "ms";
  };
  const tick = { USD: (v) => "$" + short(v), ratio: (v) => +(v * 100).toPrecision(4) + "%", share: (v) => +(v * 100).toPrecision(4) + "%", ms: span };
  const dashes = [[], [6, 3], [2, 3], [9, 3, 2, 3], [1, 5], [12, 4], [4, 4], [3, 6]];
  const charts = [];
  for (const figure of document.querySelectorAll("figure")) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    if (data.kind !== "line") continue;
    const place = figure.querySelector(".plot");
    place.hidden = false;
    figure.querySelector("details").open = false;
    const width = () => Math.max(place.clientWidth, 240);
    const axis = (more) => Object.assign({ stroke: () => css("--soft"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { stroke: () => css("--line"), width: 1 } }, more);
    const plot = new uPlot({
      width: width(), height: 240, tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), "UTC"),
      cursor: { y: false, points: { size: 7 } },
      scales: { x: { time: true }, y: { range: (u, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.08 : 1] } },
      axes: [axis({
        incrs: [1, 2, 7, 14, 28, 61, 91, 182, 365, 730].map((d) => d * 86400), space: 60,
        values: (u, list) => list.map((ts, i) => {
          const day = new Date(ts * 1e3).toISOString();
          return day.slice(5, 10) + (i === 0 || new Date(list[i - 1] * 1e3).toISOString().slice(0, 4) !== day.slice(0, 4) ? "\n" + day.slice(0, 4) : "");
        }),
      }), axis({ size: 64, values: (u, list) => list.map(tick[data.unit] || short) })],
      series: [{ label: "period", value: (u, v, s, i) => i === null ? "–" : data.labels[i] }].concat(data.series.map((s, n) => ({
        label: s.name || figure.querySelector("figcaption").textContent,
        stroke: () => css("--c" + n % 8), width: 2, dash: dashes[n % 8], spanGaps: false,
        points: { show: true, size: 5, width: 1, stroke: () => css("--c" + n % 8), fill: () => css("--bg") },
        value: (u, v, si, i) => i === null ? "–" : s.texts[i] + (s.marks[i] ? ", " + s.marks[i] : ""),
      }))),
      hooks: {
        // What is special, a spike or the period that runs, has a ring around it.
        draw: [(u) => {
          const c = u.ctx;
          c.save();
          c.lineWidth = 2 * devicePixelRatio;
          data.series.forEach((s, n) => s.marks.forEach((mark, i) => {
            if (!mark || s.values[i] === null || !u.series[n + 1].show) return;
            const x = u.valToPos(data.times[i], "x", true), y = u.valToPos(s.values[i], "y", true);
            if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
            c.strokeStyle = css("--warn");
            c.beginPath();
            c.arc(x, y, 6 * devicePixelRatio, 0, 2 * Math.PI);
            c.stroke();
          }));
          c.restore();
        }],
      },
    }, [data.times].concat(data.series.map((s) => s.values)), place);
    charts.push(plot);
    new ResizeObserver(() => { if (plot.width !== width()) plot.setSize({ width: width(), height: 240 }); }).observe(place);
  }
  addEventListener("themechange", () => charts.forEach((c) => c.redraw(false, true)));
})();
