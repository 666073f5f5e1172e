// Who played, drawn by uPlot from what stands in the page. The table below says the same.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("chart");
  if (!place) return;
  const points = JSON.parse(place.dataset.points);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chart;

  function draw() {
    if (chart) chart.destroy();
    const text = dark.matches ? "#c8ccd4" : "#414a5a", grid = dark.matches ? "#3a404d" : "#dde1e8";
    const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    const bars = uPlot.paths.bars({ size: [0.9, 40] });
    chart = new uPlot({
      width: place.clientWidth,
      height: 260,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), points.zone),
      scales: { y: { range: (_, low, high) => [0, Math.max(1, Math.ceil(high || 1))] } },
      axes: [axis, { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] }],
      series: [
        {},
        { label: points.labels.most, stroke: dark.matches ? "#3d8763" : "#9ed3b8", fill: dark.matches ? "#2c5c46" : "#cdeadb", paths: bars, points: { show: false } },
        { label: points.labels.average, stroke: dark.matches ? "#56c288" : "#2e7d4f", width: 2, points: { show: points.at.length < 40 } },
      ],
    }, [points.at, points.most, points.average], place);
  }

  place.hidden = false;
  draw();
  dark.addEventListener("change", draw);
  new ResizeObserver(() => { if (chart && place.clientWidth) chart.setSize({ width: place.clientWidth, height: 260 }); }).observe(place);
});
