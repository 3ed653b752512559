import bqplot


def draw(lines, band=None, log=False, x="step", y="loss"):
    # lines: name -> (x, y); the grey strip is where published results expect them.
    scales = {"x": bqplot.LinearScale(), "y": bqplot.LogScale() if log else bqplot.LinearScale()}
    colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"]
    marks = []
    for color, (name, (at, values)) in zip(colors, lines.items()):
        values = np.array(values, float)
        values[~np.isfinite(values) | (log & (values <= 0))] = np.nan       # a gap in the line
        marks.append(bqplot.Lines(x=np.array(at, float), y=values, scales=scales, colors=[color], labels=[name],
                                  display_legend=True))
    if band is not None:
        ends = [0, max(float(max(at)) for at, _ in lines.values())]
        marks.insert(0, bqplot.Lines(x=ends, y=[[band.low] * 2, [band.high] * 2], scales=scales, colors=["#999999"] * 2,
                                     fill="between", fill_colors=["#999999"], fill_opacities=[0.35]))
    axes = [bqplot.Axis(scale=scales["x"], label=x),
            bqplot.Axis(scale=scales["y"], label=y, side="left", label_offset="4em")]
    return bqplot.Figure(marks=marks, axes=axes, legend_location="top-right", layout={"height": "320px"},
                         fig_margin={"top": 16, "bottom": 48, "left": 72, "right": 24})
