# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run as one HTML page that needs nothing beside itself: no script, no font, no request. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element

from .chart import draw
from .elements import Child, element, render, table
from .run import EntityLine, Run
from .style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"


def page(run: Run) -> str:
    """Return the page."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", run.summary),
        element("style", STYLE),
    )
    return render(element("html", head, element("body", *_sections(run)), lang="en"))


def _sections(run: Run) -> Iterator[Element]:
    yield _header(run)
    yield _figures(run)
    if run.failure or run.failures or any(phase.outcome == "failed" for phase in run.phases):
        yield element("section", element("h2", "What needs attention"), *_attention(run))
    chart = draw(run)
    if chart is not None:
        yield element("section", element("h2", "Timeline"), chart)
    yield element("section", element("h2", "Phases"), _phases(run))
    if run.violations:
        yield element("section", element("h2", "Rules"), _violations(run))
    if run.entities:
        summary = element("summary", f"All {len(run.entities)} results")
        yield element("section", element("details", summary, _entities(run.entities, "entities")))
    yield _provenance(run)


def _header(run: Run) -> Element:
    way = f"{run.source} to {run.target}" if run.source and run.target else None
    return element(
        "header",
        element("p", run.verdict, class_=f"verdict {run.verdict}", data_figure="verdict"),
        element("h1", f"{run.procedure}: {run.plan}" if run.plan else run.procedure),
        element("p", way, class_="way") if way else None,
        element("p", run.summary),
    )


def _figures(run: Run) -> Element:
    counts = Counter(line.outcome for line in run.entities)
    figures = {
        "rto": ("Recovered after", _duration(run.rto)),
        "rpo": ("Data behind by", _duration(run.rpo)),
        "seconds": ("Took", _duration((run.ended - run.began).total_seconds())),
        **{outcome: (outcome, str(counts[outcome])) for outcome in ("succeeded", "failed", "skipped", "unknown")},
    }
    return element(
        "dl",
        *(
            element("div", element("dt", title), element("dd", value, data_figure=key))
            for key, (title, value) in figures.items()
        ),
        class_="figures",
    )


def _attention(run: Run) -> Iterator[Child]:
    if run.failure and not any(phase.outcome == "failed" for phase in run.phases):
        yield element("div", element("p", run.failure), class_="failed box")
    for phase in run.phases:
        if phase.outcome == "failed":
            remedy = element("p", f"Remedy: {phase.remedy}", class_="remedy") if phase.remedy else None
            title = element("strong", phase.name)
            yield element("div", element("p", title, f": {phase.message or 'failed'}"), remedy, class_="failed box")
    if run.failures:
        yield _entities(run.failures, "failures")


def _entities(lines: list[EntityLine], name: str) -> Element:
    return table(
        ("Name", "Phase", "Outcome", "Reason", "Remedy"),
        (
            (
                line.name or line.id or "",
                line.phase,
                element("span", line.outcome, class_=f"chip {line.outcome}"),
                line.reason or "",
                line.remedy or "",
            )
            for line in lines
        ),
        data_table=name,
    )


def _phases(run: Run) -> Element:
    return table(
        ("Phase", "Outcome", "Began", "Took", "Message"),
        (
            (
                phase.name,
                element("span", phase.outcome, class_=f"chip {phase.outcome}"),
                _clock(phase.began),
                _duration(phase.seconds),
                phase.message or "",
            )
            for phase in run.phases
            if phase.outcome != "skipped"
        ),
        data_table="phases",
    )


def _violations(run: Run) -> Element:
    keys = ("rule", "severity", "subject", "message", "remedy")
    rows = ([str(violation.get(key) or "") for key in keys] for violation in run.violations)
    return table((key.capitalize() for key in keys), rows, data_table="violations")


def _provenance(run: Run) -> Element:
    facts = {
        "Began": _clock(run.began),
        "Ended": _clock(run.ended),
        "Protection groups": ", ".join(run.groups),
        "Collection": f"lifeboat.ovirt {run.version}",
        **{key.replace("_", " ").capitalize(): value for key, value in run.started_by.items()},
    }
    pairs = (element("div", element("dt", key), element("dd", value)) for key, value in facts.items() if value)
    return element("footer", element("dl", *pairs))


def _clock(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC") if time else ""


def _duration(seconds: float | None) -> str:
    """Return a duration as people say it, "unknown" for None."""
    if seconds is None:
        return "unknown"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
