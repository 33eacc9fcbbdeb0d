
// Time lanes: whose time it was, run by run, with the steps and what went wrong.
(() => {
  "use strict";
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const look = {
    model: ["--model", 1], tool: ["--tool", 0.8], approval: ["--wait", 0.5], user: ["--wait", 0.5], retry_wait: ["--retry", 0.5],
    compaction: ["--compact", 1], idle: ["--idle", 0.2], suspended: ["--idle", 0.2], unknown: ["--soft", 0.2],
  };
  const names = {
    model: "model at work", tool: "tools at work", approval: "waiting for approval", user: "waiting for the user", retry_wait: "waiting for the provider",
    compaction: "compaction", idle: "idle", suspended: "asleep", unknown: "cannot be told",
  };
  const two = (n) => String(n).padStart(2, "0");
  const span = (ms) => {
    if (ms < 1000) return ms + "ms";
    const s = ms / 1000;
    if (s < 60) return s.toFixed(1) + "s";
    if (s < 3600) return Math.floor(s / 60) + "m " + two(Math.floor(s % 60)) + "s";
    return Math.floor(s / 3600) + "h " + two(Math.floor(s % 3600 / 60)) + "m";
  };
  const charts = [];
  for (const figure of document.querySelectorAll("figure")) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    if (data.kind !== "lanes") continue;
    const place = figure.querySelector(".plot");
    const lanes = data.lanes;
    let end = 1;
    const steps = [];
    lanes.forEach((lane, n) => {
      for (const [at, length] of lane.spans) end = Math.max(end, at + length);
      for (const [at, row, bad] of lane.steps) { end = Math.max(end, at); steps.push({ at, row, bad, lane: n }); }
    });
    steps.sort((a, b) => a.at - b.at || a.row - b.row);
    const errors = steps.filter((s) => s.bad);
    const high = lanes.length > 12 ? 34 : lanes.length > 3 ? 40 : 64, above = 14;
    const width = () => Math.max(place.clientWidth, 240);
    const height = lanes.length * high + 72;
    let chosen = null;

    // Where every run is idle for long, the axis is cut short: a night would take the place of the work.
    const quiet = (what) => what === "idle" || what === "suspended";
    const busy = [];
    for (const lane of lanes) {
      for (const [at, length, what] of lane.spans) if (!quiet(data.whats[what])) busy.push([at, at + length]);
      for (const [at] of lane.steps) busy.push([at, at]);
    }
    busy.sort((a, b) => a[0] - b[0]);
    const breaks = [];
    let done = 0, worked = 0;
    for (const [from, to] of busy) {
      if (from - done > 20 * 60e3) breaks.push({ from: done, to: from });
      worked += Math.max(0, to - Math.max(from, done));
      done = Math.max(done, to);
    }
    let cut = breaks.length > 0;
    // place gives an instant its place on the axis, time the instant of a place; both in milliseconds.
    let knots = [];
    const bend = () => {
      knots = [[0, 0]];
      const short = Math.max(worked * 0.02, 1000);
      let gone = 0;
      for (const b of cut ? breaks : []) {
        knots.push([b.from, b.from - gone]);
        gone += Math.max(0, b.to - b.from - short);
        knots.push([b.to, b.to - gone]);
      }
      knots.push([Math.max(end, done + 1), Math.max(end, done + 1) - gone]);
    };
    const along = (v, a, b) => {
      let i = 1;
      while (i < knots.length - 1 && knots[i][a] < v) i++;
      const p = knots[i - 1], q = knots[i];
      return q[a] === p[a] ? q[b] : p[b] + (v - p[a]) * (q[b] - p[b]) / (q[a] - p[a]);
    };
    const put = (ms) => along(ms, 0, 1), time = (x) => along(x, 1, 0);
    bend();
    place.hidden = false;
    figure.querySelector("details").open = false;

    const paint = (u) => {
      const c = u.ctx, dpr = devicePixelRatio, { left, top, width: w, height: h } = u.bbox;
      const min = u.scales.x.min * 1e3, max = u.scales.x.max * 1e3, low = time(min), up = time(max);
      const x = (ms) => left + (put(ms) - min) / (max - min) * w;
      const size = h / lanes.length;
      c.save();
      c.beginPath();
      c.rect(left, top, w, h);
      c.clip();
      const colors = Object.fromEntries(Object.entries(look).map(([k, [v]]) => [k, css(v)]));
      lanes.forEach((lane, n) => {
        const floor = top + (n + 1) * size - 2 * dpr, room = size - (above + 4) * dpr;
        const bar = (what, from, to) => {
          const tall = room * look[what][1];
          c.fillStyle = colors[what];
          c.fillRect(from, floor - tall, to - from, tall);
        };
        // What is thinner than a pixel shares it with its neighbours: the one with most of it is drawn.
        let column = -1, parts = {};
        const flush = () => {
          const most = Object.entries(parts).sort((a, b) => b[1] - a[1])[0];
          if (most) bar(most[0], column, column + 1);
          parts = {};
        };
        for (const [at, length, what] of lane.spans) {
          if (at + length < low) continue;
          if (at > up) break;
          const from = x(at), to = x(at + length), name = data.whats[what];
          if (to - from >= 1) {
            bar(name, Math.max(from, left), Math.min(to, left + w));
            continue;
          }
          if (Math.floor(from) !== column) { flush(); column = Math.floor(from); }
          parts[name] = (parts[name] || 0) + length;
        }
        flush();
        // Errors are drawn last, each of them or, where they would cover each other, with their number.
        c.fillStyle = css("--retry");
        c.font = "bold " + 10 * dpr + "px system-ui, sans-serif";
        c.textAlign = "left";
        let group = null;
        const mark = () => {
          if (!group) return;
          const y = floor - room - 1 * dpr;
          c.fillRect(group.x - dpr / 2, y, Math.max(group.to - group.x, 1.5 * dpr), room + dpr);
          c.beginPath();
          c.moveTo(group.x - 4 * dpr, y - 8 * dpr);
          c.lineTo(group.x + 4 * dpr, y - 8 * dpr);
          c.lineTo(group.x, y);
          c.fill();
          if (group.n > 1) c.fillText(group.n, group.x + 6 * dpr, y);
          group = null;
        };
        for (const [at, , bad] of lane.steps) {
          if (!bad || at < low || at > up) continue;
          const here = x(at);
          if (group && here - group.first < 16 * dpr) { group.n++; continue; }
          mark();
          group = { x: here, first: here, to: here, n: 1 };
        }
        mark();
        c.fillStyle = css("--line");
        c.fillRect(left, floor + dpr, w, dpr);
      });
      for (const b of cut ? breaks : []) {
        const from = x(b.from), to = x(b.to);
        if (to < left || from > left + w) continue;
        c.strokeStyle = css("--soft");
        c.lineWidth = dpr;
        c.setLineDash([3 * dpr, 3 * dpr]);
        c.strokeRect(from, top - dpr, to - from, h + 2 * dpr);
        c.setLineDash([]);
        c.save();
        c.fillStyle = css("--soft");
        c.font = 11 * dpr + "px system-ui, sans-serif";
        c.textAlign = "center";
        c.textBaseline = "middle";
        c.translate((from + to) / 2, top + h / 2);
        if (h > 60 * dpr) c.rotate(-Math.PI / 2);
        if (to - from > 13 * dpr) c.fillText("idle " + span(b.to - b.from), 0, 0);
        c.restore();
      }
      if (chosen) {
        c.strokeStyle = css("--fg");
        c.lineWidth = 2 * dpr;
        c.strokeRect(x(chosen.at) - 3 * dpr, top + chosen.lane * size + 2 * dpr, 6 * dpr, size - 4 * dpr);
      }
      c.restore();
    };

    const says = document.createElement("p");
    says.className = "says";
    says.setAttribute("aria-live", "polite");
    says.textContent = "Point at the lanes or step through them; a click opens the step in the table below. Drag to zoom.";
    const clock = (ms) => new Date(data.start + ms).toISOString().slice(11, 19);
    // What a step is stands in its row of the table.
    const tell = (step) => {
      const row = document.getElementById(data.rows + "-" + step.row);
      if (!row) return clock(step.at) + " · step " + step.row + " is not among the rows of this page";
      return [...row.cells].map((c) => c.textContent.trim()).filter((s) => s && s !== "-").join(" · ");
    };
    const near = (lane, ms, within) => {
      let best = null;
      for (const [at, row, bad] of lanes[lane].steps) {
        if (Math.abs(at - ms) > within) continue;
        if (!best || bad > best.bad || bad === best.bad && Math.abs(at - ms) < Math.abs(best.at - ms)) best = { at, row, bad, lane };
      }
      return best;
    };
    const before = (lane, ms) => {
      let last = null;
      for (const [at, row, bad] of lanes[lane].steps) { if (at > ms) break; last = { at, row, bad, lane }; }
      return last;
    };
    const under = (u) => {
      const { left, top } = u.cursor;
      if (left === undefined || left < 0) return null;
      const lane = Math.min(lanes.length - 1, Math.max(0, Math.floor(top / (u.bbox.height / devicePixelRatio) * lanes.length)));
      const ms = time(u.posToVal(left, "x") * 1e3);
      const pixel = (time(u.posToVal(left + 1, "x") * 1e3) - ms) || 1;
      return { lane, ms, step: near(lane, ms, 6 * pixel) || before(lane, ms) };
    };
    const plot = new uPlot({
      width: width(), height, legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: { range: [0, lanes.length], dir: -1 } },
      axes: [
        { stroke: () => css("--soft"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { stroke: () => css("--line"), width: 1 }, space: 70,
          incrs: [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800],
          values: (u, list, a, b, incr) => list.map((x, i) => {
            const iso = (x) => new Date(data.start + time(x * 1e3)).toISOString(), at = iso(x), day = at.slice(0, 10);
            return at.slice(11, incr < 60 ? (incr < 1 ? 23 : 19) : 16) + (i === 0 || iso(list[i - 1]).slice(0, 10) !== day ? "\n" + day : "");
          }),
        },
        {
          size: width() < 600 ? 76 : 128, stroke: () => css("--fg"), grid: { show: false }, ticks: { show: false }, gap: 4,
          splits: () => lanes.map((l, n) => n + 0.6), values: (u, list) => list.map((v) => {
            const name = lanes[Math.floor(v)] ? lanes[Math.floor(v)].name : "", room = width() < 600 ? 9 : 17;
            return name.length > room ? name.slice(0, room - 1) + "…" : name;
          }),
        },
      ],
      series: [{}, { show: true, stroke: "transparent", points: { show: false } }],
      hooks: {
        draw: [paint],
        setCursor: [(u) => {
          const at = under(u);
          if (!at || !u.cursor.event) return;
          const own = lanes[at.lane].spans.find(([from, length]) => from <= at.ms && at.ms < from + length);
          says.textContent = [clock(at.ms), lanes[at.lane].name, own ? names[data.whats[own[2]]] + " for " + span(own[1]) : ""].filter(Boolean).join(" · ") +
            (at.step ? "\n" + tell(at.step) : "");
        }],
      },
    }, [[0, put(end) / 1e3], [null, null]], place);
    charts.push(plot);
    new ResizeObserver(() => { if (plot.width !== width()) plot.setSize({ width: width(), height }); }).observe(place);

    const zoom = (from, to) => {
      const all = put(end), long = Math.min(Math.max(to - from, Math.min(1000, all)), all);
      from = Math.max(0, Math.min(from, all - long));
      plot.setScale("x", { min: from / 1e3, max: (from + long) / 1e3 });
    };
    const view = () => [plot.scales.x.min * 1e3, plot.scales.x.max * 1e3];
    const scale = (by) => {
      const [from, to] = view(), own = chosen && put(chosen.at), middle = chosen && own >= from && own <= to ? own : (from + to) / 2;
      zoom(middle - (middle - from) * by, middle + (to - middle) * by);
    };
    const move = (by) => { const [from, to] = view(), d = (to - from) * by; zoom(from + d, to + d); };
    const choose = (list, by) => {
      if (!list.length) return;
      let i = by > 0 ? -1 : list.length;
      if (chosen) {
        const order = (s) => s.at - chosen.at || s.row - chosen.row;
        i = by > 0 ? list.findLastIndex((s) => order(s) <= 0) : list.findIndex((s) => order(s) >= 0);
        if (i < 0 && by < 0) i = list.length;
      }
      chosen = list[Math.max(0, Math.min(list.length - 1, i + by))];
      const [from, to] = view(), own = put(chosen.at);
      if (own < from || own > to) zoom(own - (to - from) / 2, own + (to - from) / 2);
      plot.redraw(false);
      says.textContent = lanes[chosen.lane].name + "\n" + tell(chosen);
    };
    const open = (step) => { if (step) document.dispatchEvent(new CustomEvent("reveal", { detail: data.rows + "-" + step.row })); };
    const tools = document.createElement("div");
    tools.className = "tools";
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", "Time line");
    for (const [text, act, wanted] of [
      ["Zoom in", () => scale(0.5)], ["Zoom out", () => scale(2)], ["All", () => zoom(0, put(end))], ["Earlier", () => move(-0.5)], ["Later", () => move(0.5)],
      ["Previous step", () => choose(steps, -1), steps.length], ["Next step", () => choose(steps, 1), steps.length],
      ["Previous error", () => choose(errors, -1), errors.length], ["Next error (" + errors.length + ")", () => choose(errors, 1), errors.length],
      ["Open the step", () => open(chosen || steps[0]), steps.length],
      ["Idle time to scale", (e) => {
        cut = !cut;
        e.target.setAttribute("aria-pressed", String(!cut));
        bend();
        plot.setData([[0, put(end) / 1e3], [null, null]]);
      }, breaks.length],
    ]) {
      if (wanted === 0) continue;
      const b = document.createElement("button");
      b.type = "button";
      b.textContent = text;
      b.addEventListener("click", act);
      tools.append(b);
    }
    place.after(tools, says);
    // A click opens a step; a drag has zoomed instead.
    let down = null;
    plot.over.addEventListener("mousedown", (e) => { down = [e.clientX, e.clientY]; });
    plot.over.addEventListener("click", (e) => {
      if (!down || Math.abs(e.clientX - down[0]) > 4) return;
      const at = under(plot);
      if (!at || !at.step) return;
      chosen = at.step;
      plot.redraw(false);
      open(chosen);
    });
  }
  addEventListener("themechange", () => charts.forEach((c) => c.redraw(false, true)));
})();
