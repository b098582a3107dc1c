"""The evaluation as one page that needs nothing else: no script, no font, no picture from outside."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from facies.training.evaluation.charts import KINDS, coverage_chart, curve_chart, interval_bar, reliability_chart

_MOST_GROUPS = 30
_MOST_LEAKS = 10
_MOST_MATRIX_CLASSES = 16
_MOST_LEVEL_NAMES = 6
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

Evaluation = Mapping[str, Any]


def render(evaluation: Evaluation) -> str:
    """Make the page.

    Args:
        evaluation: what `facies.training.evaluate` measured, without NaN, the worst pictures with thumbnails.

    Returns:
        HTML, complete.
    """
    package = evaluation["package"]
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    sections: list[Callable[[Evaluation], str]] = [
        _remarks,
        _scores,
        _domains,
        _classes,
        _confusion,
        _curves,
        _calibration,
        _coverage,
        _neither,
        _domain,
        _groups,
        _worst,
        _leaks,
        _method,
    ]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(package["reference"])}, evaluated</title>
<style>
{style}</style>
</head>
<body>
<main>
{_header(evaluation)}
{"".join(section(evaluation) for section in sections)}
</main>
</body>
</html>
"""


def _header(evaluation: Evaluation) -> str:
    package, data, made = evaluation["package"], evaluation["data"], evaluation["made"]
    unit = "photos" if package["task"] == "segmentation" else "pictures"
    groups = f"{data['groups']} groups" if data["groups_known"] else "groups unknown"
    facts = {
        "Task": package["task"],
        "Data": f"{data['folder']}, {data['layout']}",
        "Size": f"{data['pictures']} {unit}, {groups}",
        "Weights": f"SHA-256 {package['sha256'][:16]}…",
        "Made": f"{made['at']} by {made['by']}",
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(fact)}</dd></div>" for name, fact in facts.items())
    return (
        f'<header><p class="kind">Evaluation</p><h1>{escape(package["reference"])}</h1>'
        f'<p class="title">{escape(package["title"])}</p><dl>{rows}</dl></header>'
    )


def _remarks(evaluation: Evaluation) -> str:
    remarks = evaluation["remarks"]
    items = "".join(f'<li class="{escape(entry["kind"])}">{escape(entry["text"])}</li>' for entry in remarks)
    return f'<ul class="remarks">{items}</ul>' if items else ""


def _scores(evaluation: Evaluation) -> str:
    rows = "".join(
        f"<tr><th>{escape(name)}</th>{_interval_cells(score)}<td>{interval_bar(**score)}</td></tr>"
        for name, score in evaluation["scores"].items()
    )
    head = '<tr><th>score</th><th class="n">value</th><th class="n">95% interval</th><th>0 … 1</th></tr>'
    return _section("Scores", f'<table class="scores">{head}{rows}</table>')


def _domains(evaluation: Evaluation) -> str:
    rows = evaluation.get("domains", [])
    if len(rows) < 2:
        return ""
    count = "photos" if "photos" in rows[0] else "pictures"
    head = "".join(f'<th class="n">{escape(name)}</th>' for name in rows[0]["scores"])
    body = "".join(
        f'<tr><th>{escape(row["domain"])}</th><td class="n">{row[count]:,}</td>'
        + "".join(f'<td class="n">{_with_interval(score)}</td>' for score in row["scores"].values())
        + "</tr>"
        for row in rows
    )
    table = f'<table><tr><th>origin</th><th class="n">{count}</th>{head}</tr>{body}</table>'
    return _section("Scores by origin", f'<div class="wide tight">{table}</div>')


def _classes(evaluation: Evaluation) -> str:
    rows = evaluation["classes"]
    count = "pixels" if "pixels" in rows[0] else "pictures"
    measures = [name for name in rows[0] if isinstance(rows[0][name], Mapping)]
    extra = ["AUC"] if "AUC" in rows[0] else []
    head = "".join(f'<th class="n">{name}</th>' for name in [count, *measures, *extra])
    body = "".join(
        f'<tr><th>{escape(row["name"])}</th><td class="n">{row[count]:,}</td>'
        + "".join(f'<td class="n">{_with_interval(row[name])}</td>' for name in measures)
        + "".join(f'<td class="n">{_number(row[name])}</td>' for name in extra)
        + "</tr>"
        for row in rows
    )
    return _section("Classes", f'<div class="wide"><table><tr><th>class</th>{head}</tr>{body}</table></div>')


def _confusion(evaluation: Evaluation) -> str:
    names, counts = evaluation["confusion"]["names"], evaluation["confusion"]["counts"]
    totals = [sum(row) + sum(other[index] for other in counts) for index, row in enumerate(counts)]
    chosen = sorted(sorted(range(len(names)), key=lambda index: -totals[index])[:_MOST_MATRIX_CLASSES])
    chosen = [index for index in chosen if totals[index]]
    by_pixel = evaluation["package"]["task"] == "segmentation"
    head = "".join(f'<th class="found"><span>{escape(names[index])}</span></th>' for index in chosen)
    body = "".join(
        f"<tr><th>{escape(names[row])}</th>"
        + "".join(_confusion_cell(counts[row], column, by_pixel=by_pixel, right=row == column) for column in chosen)
        + "</tr>"
        for row in chosen
    )
    left_out = sum(total > 0 for total in totals) - len(chosen)
    more = f" The {left_out} rarest classes are left out here." if left_out else ""
    note = f"Rows are the truth, columns what was found; shares are of the row.{more}"
    many = " many" if len(chosen) > _MOST_LEVEL_NAMES else ""
    corner = '<td class="corner">truth \\ found</td>'
    table = f'<div class="wide"><table class="matrix{many}"><tr>{corner}{head}</tr>{body}</table></div>'
    return _section("Confusion matrix", f"{table}<p>{note}</p>")


def _confusion_cell(row: Sequence[int], column: int, *, by_pixel: bool, right: bool) -> str:
    total = sum(row)
    if not total:
        return '<td class="cell none"></td>'
    share = row[column] / total
    shown = f"{share:.0%}" if by_pixel else f"{row[column]:,}<small>{share:.0%}</small>"
    kind = "right" if right else "wrong"
    strong = " strong" if share > 0.55 else ""
    return (
        f'<td class="cell {kind}{strong}" style="--share:{share * 100:.0f}%" title="{row[column]:,} of {total:,}">'
        f"{shown if row[column] else '·'}</td>"
    )


def _curves(evaluation: Evaluation) -> str:
    drawn = evaluation["curves"]
    if not drawn:
        return ""
    charts = f"<figure>{curve_chart(drawn, 'roc')}</figure><figure>{curve_chart(drawn, 'pr')}</figure>"
    note = "Numbers are the areas under the curves. Dashed: what chance would give."
    if evaluation["package"]["task"] == "segmentation":
        note += " Pixels are ranked by the confidence with which they were called background or not."
    return _section("ROC and precision-recall", f'<div class="charts">{charts}</div><p>{note}</p>')


def _calibration(evaluation: Evaluation) -> str:
    calibration = evaluation["calibration"]
    chart = f"<figure>{reliability_chart(calibration['bins'], calibration['of'])}</figure>"
    meanings = {
        "before": "the network without the package's calibration",
        "served": "what the package serves",
        "refitted": "with one temperature more, fitted on these pictures, each fold on the others",
    }
    if not calibration["applies"]:
        meanings["before"] = "the same: the package has no calibration of its own"
    rows = "".join(
        f'<tr><th><span class="swatch {kind}"></span>{KINDS[kind]}</th>'
        f'<td class="n">{_number(calibration["ece"][kind])}</td>'
        f"<td>{meanings[kind]}</td></tr>"
        for kind in KINDS
        if kind in calibration["ece"]
    )
    fitted = ""
    if calibration["applies"]:
        offset = ", ".join(f"{value:g}" for value in calibration["offset"]) or "none"
        below = calibration["temperature_below"]
        low = "" if below is None else f", {below:g} where the answer is no"
        fitted = f"<p>The package's temperature is {calibration['temperature']:g}{low}, its offset {offset}.</p>"
    table = f'<table><tr><th>probability</th><th class="n">ECE</th><th></th></tr>{rows}</table>'
    note = (
        "A well calibrated probability lies on the diagonal. Bars on the dots are 95% ranges of the share; the strip "
        "below shows how many there are in each bin."
    )
    return _section(
        "Calibration", f'<div class="charts">{chart}<div class="beside">{table}{fitted}<p>{note}</p></div></div>'
    )


def _coverage(evaluation: Evaluation) -> str:
    """What is gained by calling the least sure answers unsure."""
    coverage, by_pixel = evaluation["coverage"], evaluation["package"]["task"] == "segmentation"
    rows = "".join(
        f'<tr><td class="n">{row["share"]:.0%}</td><td class="n">{_number(row["accuracy"])}</td>'
        f'<td class="n">{_number(row["confidence"])}</td></tr>'
        for row in coverage["kept"]
    )
    head = '<tr><th class="n">kept</th><th class="n">accuracy</th><th class="n">least confidence</th></tr>'
    option = "min_confidence" if by_pixel else "unsure_band"
    note = f"<p>What is less sure than the least confidence can be called unsure: the option <code>{option}</code>.</p>"
    told = note if by_pixel or evaluation["package"]["positive"] else ""
    beside = f'<div class="beside"><table>{head}{rows}</table>{told}{_error_rates(evaluation)}</div>'
    return _section(
        "Coverage against accuracy",
        f'<div class="charts"><figure>{coverage_chart(coverage)}</figure>{beside}</div>',
    )


def _error_rates(evaluation: Evaluation) -> str:
    """Whether unsure bands for wanted error rates keep their word."""
    measured = evaluation.get("error_rates")
    if measured is None:
        return ""
    rows = "".join(
        f'<tr><td class="n">{rate}%</td><td class="n">{found["positive_errors"]:.1%}</td>'
        f'<td class="n">{found["negative_errors"]:.1%}</td><td class="n">{found["unsure"]:.0%}</td></tr>'
        for rate, found in measured.items()
    )
    head = (
        '<tr><th class="n">wanted error rate</th><th class="n">of positives</th><th class="n">of negatives</th>'
        '<th class="n">unsure</th></tr>'
    )
    note = (
        "Wrong labels of each class where the unsure band is found for a wanted error rate (split conformal "
        "prediction), each fold's on the others: the option <code>error_rate</code>."
    )
    return f'<div class="wide"><table>{head}{rows}</table></div><p>{note}</p>'


def _neither(evaluation: Evaluation) -> str:
    neither = evaluation.get("neither")
    if neither is None:
        return ""
    called = ", ".join(f"{count:,} {escape(name)}" for name, count in neither["called"].items())
    alarm = neither["share_positive"]
    share = "" if alarm is None else f" Share of false alarms: <strong>{alarm:.1%}</strong>."
    return _section(
        "Pictures of none of the classes",
        f"<p>{neither['pictures']:,} pictures show none of the classes. They were called: {called}.{share}</p>",
    )


def _domain(evaluation: Evaluation) -> str:
    """Pictures unlike what the package was trained on."""
    found = evaluation["domain"]
    if found is None:
        return _section("Out of domain", "<p>The package has no domain, so it cannot tell strange pictures.</p>")
    out, within = found["out_of_domain"], found["pictures"] - found["out_of_domain"]
    rows = "".join(
        f'<tr><th>{name}</th><td class="n">{count:,}</td><td class="n">{_number(found["accuracy"][side])}</td></tr>'
        for name, count, side in (("within", within, "within"), ("out of domain", out, "beyond"))
    )
    count = "photos" if evaluation["package"]["task"] == "segmentation" else "pictures"
    table = f'<table><tr><th>domain</th><th class="n">{count}</th><th class="n">accuracy</th></tr>{rows}</table>'
    share = found["share"]
    span = "" if share["low"] is None else f" ({share['low']:.1%} – {share['high']:.1%})"
    note = (
        f"{share['value']:.1%}{span} have a domain score above the package's "
        f"limit of {found['limit']:.3f}; the median is {found['median']:.3f}. Of photos like those it was trained on, "
        "1% should."
    )
    return _section("Out of domain", f"{table}<p>{note}</p>{_strangest(found['strangest'])}")


def _strangest(entries: Sequence[Mapping[str, Any]]) -> str:
    if not entries:
        return ""
    shown = ", ".join(f"{escape(entry['name'])} ({entry['score']:.2f})" for entry in entries)
    return f"<p>The strangest: {shown}.</p>"


def _groups(evaluation: Evaluation) -> str:
    count = "photos" if evaluation["package"]["task"] == "segmentation" else "pictures"
    least = 1 if count == "photos" else 2
    rows = [row for row in evaluation["groups"] if row[count] >= least]
    if not rows or not evaluation["data"]["groups_known"]:
        return ""
    alone = len(evaluation["groups"]) - len(rows)
    columns = [name for name in rows[0] if name not in ("group", "labelled", "found")]
    counts = [name for name in ("labelled", "found") if name in rows[0] and "pictures" in rows[0]]
    head = "".join(f'<th class="n">{name}</th>' for name in columns) + "".join(f"<th>{name}</th>" for name in counts)
    body = "".join(
        f"<tr><th>{escape(row['group'])}</th>"
        + "".join(f'<td class="n">{_number(row[name])}</td>' for name in columns)
        + "".join(f'<td class="counts">{_counts(row[name])}</td>' for name in counts)
        + "</tr>"
        for row in rows[:_MOST_GROUPS]
    )
    left_out = max(0, len(rows) - _MOST_GROUPS) + alone
    single = f", {alone} of them with a single picture," if alone else ""
    more = f"<p>{left_out} more{single} are in the JSON file.</p>" if left_out else ""
    table = f'<div class="wide"><table><tr><th>group</th>{head}</tr>{body}</table></div>'
    return _section("Groups, worst first", table + more)


def _worst(evaluation: Evaluation) -> str:
    entries = evaluation["worst"]
    if not entries:
        return _section("Worst pictures", "<p>No answer was wrong.</p>")
    if evaluation["package"]["task"] == "segmentation":
        note = "The photos with the fewest right pixels: photo, truth, answer."
        return _section("Worst photos", f'<p>{note}</p><div class="photos">{"".join(map(_worst_photo, entries))}</div>')
    note = "Wrong answers of which the package was surest."
    return _section("Worst pictures", f'<p>{note}</p><div class="tiles">{"".join(map(_worst_tile, entries))}</div>')


def _worst_tile(entry: Mapping[str, Any]) -> str:
    return (
        f'<figure><img src="{entry["pictures"][0]}" alt="{escape(entry["name"])}"><figcaption>'
        f"<b>{escape(entry['found'])}</b> {entry['probability']:.0%}<br>labelled {escape(entry['label'])}"
        f'<span class="name">{escape(entry["name"])}</span></figcaption></figure>'
    )


def _worst_photo(entry: Mapping[str, Any]) -> str:
    images = "".join(
        f'<img src="{source}" alt="{what}">'
        for source, what in zip(entry["pictures"], ("photo", "truth", "answer"), strict=True)
    )
    return (
        f'<figure><div class="triple">{images}</div><figcaption><b>{entry["accuracy"]:.0%}</b> right'
        f'<span class="name">{escape(entry["name"])}</span></figcaption></figure>'
    )


def _leaks(evaluation: Evaluation) -> str:
    leaks = evaluation["leaks"]
    found = [
        ("training data", leaks["training"]["examples"][:_MOST_LEAKS]),
        ("another group", leaks["twins"]["examples"][:_MOST_LEAKS]),
    ]
    rows = "".join(
        f"<tr><td>{escape(pair['tested'])}</td><td>{escape(pair['trained_on'])}</td><td>{where}</td>"
        f'<td class="n">{pair["bits"]}</td></tr>'
        for where, pairs in found
        for pair in pairs
    )
    shared = leaks["training"]["shared_groups"]
    text = (
        f"<p>Groups on both sides: {escape(', '.join(shared[:40]))}{' …' if len(shared) > 40 else ''}.</p>"
        if shared
        else ""
    )
    if rows:
        head = '<tr><th>tested</th><th>near-duplicate</th><th>found in</th><th class="n">bits apart, of 64</th></tr>'
        text += f'<div class="wide"><table>{head}{rows}</table></div>'
    return _section("Leaks", text) if text else ""


def _method(evaluation: Evaluation) -> str:
    if evaluation["package"]["task"] == "segmentation":
        answer = (
            "Every photo goes through the analysis that is served. Pixels that the mask leaves out count nowhere; "
            "pixels of unknown class count for the outline only. Mean IoU and macro F1 are over the classes that occur "
            "in the masks, background left out; outline IoU is everything but background against background."
        )
    else:
        answer = (
            "Every picture goes through the analysis that is served. Where it is cut into several tiles, its "
            "probability is their mean, weighted by area; averaging draws probabilities towards the middle, so "
            "calibration is best judged on pictures no larger than a tile. Balanced accuracy and macro scores are over "
            "the classes that occur."
        )
    notes = [
        answer,
        "Intervals are the 2.5th and 97.5th percentile of 1000 draws of whole groups with replacement. A draw that has "
        "nothing of a class says nothing about it and is left out of its scores. Where there are more than 20 classes, "
        "what is computed of every class has no interval.",
        "ECE is the expected calibration error in ten equally wide bins.",
        "Leaks are looked for by group, and by a perceptual hash of 64 bits; near-duplicates differ in at most 8.",
    ]
    return _section("How this was measured", "<ul>" + "".join(f"<li>{note}</li>" for note in notes) + "</ul>")


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>\n"


def _interval_cells(score: Mapping[str, float | None]) -> str:
    if score["low"] is None:
        return f'<td class="n">{_number(score["value"])}</td><td class="n">–</td>'
    return (
        f'<td class="n"><b>{_number(score["value"])}</b></td>'
        f'<td class="n">{_number(score["low"])} – {_number(score["high"])}</td>'
    )


def _with_interval(score: Mapping[str, float | None]) -> str:
    if score["value"] is None or score["low"] is None:
        return _number(score["value"])
    return f"{_number(score['value'])} <small>{_number(score['low'])}–{_number(score['high'])}</small>"


def _counts(counts: Mapping[str, int]) -> str:
    return escape(", ".join(f"{count:,} {name}" for name, count in counts.items()))


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
