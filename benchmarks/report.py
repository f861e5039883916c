"""The table, the comparison and the picture of samples."""

from collections.abc import Sequence
from html import escape

from benchmarks.samples import Sample, cost, middle
from benchmarks.start import Start

# What a request is compared with.
REFERENCES = {"live": "bare", "me": "orm", "list": "orm", "create": "orm"}
# A smaller difference is lost in the noise of a busy machine.
RESOLUTION = 0.05
BAR, GAP, LABEL, WIDTH = 18, 26, 150, 720


def programs_of(samples: Sequence[Sample]) -> list[str]:
    """Return the programs in the order in which they were measured first."""
    return list(dict.fromkeys(sample.program for sample in samples))


def works_of(samples: Sequence[Sample]) -> list[str]:
    """Return what was measured."""
    return list(dict.fromkeys(sample.work for sample in samples))


def table(samples: Sequence[Sample]) -> str:
    """Return a table of the CPU of a request, and of what else was measured."""
    lines = [
        "| request | program | CPU us | x reference | SQL | database us | p50 ms | p99 ms | bad |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for work in works_of(samples):
        reference = cost(samples, REFERENCES[work], work)
        for program in programs_of(samples):
            spent = cost(samples, program, work)
            if spent is None:
                continue
            of = (samples, program, work)
            failed = sum(s.failed for s in samples if (s.program, s.work) == (program, work))
            cells = [
                work,
                program,
                f"{spent:.0f}",
                f"{spent / reference:.2f}" if reference else "",
                number(middle(*of, "statements")),
                number(middle(*of, "database_us"), ".0f"),
                number(middle(*of, "p50_ms")),
                number(middle(*of, "p99_ms")),
                str(failed),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def number(value: float | None, form: str = ".1f") -> str:
    """Write a number, or nothing."""
    return "" if value is None else format(value, form)


def comparison(samples: Sequence[Sample], ref: str) -> str:
    """Return what changed since `ref`, for the programs that were measured at both."""
    lines = [
        f"| request | program | {ref} | now | now / {ref} |",
        "| --- | --- | --: | --: | --: |",
    ]
    for work in works_of(samples):
        for program in programs_of(samples):
            old = cost(samples, f"{program}@{ref}", work)
            new = cost(samples, program, work)
            if old is None or new is None:
                continue
            ratio = new / old
            said = f"{ratio:.2f}" if abs(ratio - 1) >= RESOLUTION else f"{ratio:.2f} (same)"
            lines.append(f"| {work} | {program} | {old:.0f} | {new:.0f} | {said} |")
    return "\n".join(lines)


def starts(measured: Sequence[Start], memory: dict[str, float]) -> str:
    """Return a table of imports and memory."""
    lines = [
        "| program | import s | libraries s | ratio | idle MB |",
        "| --- | --: | --: | --: | --: |",
    ]
    for start in measured:
        idle = number(memory.get(start.program), ".0f")
        lines.append(
            f"| {start.program} | {start.app_seconds:.2f} | {start.libraries_seconds:.2f} "
            f"| {start.ratio:.2f} | {idle} |"
        )
    return "\n".join(lines)


def picture(samples: Sequence[Sample]) -> str:
    """Draw the CPU of a request as bars, in groups, as SVG."""
    parts: list[str] = []
    y = 0
    for work in works_of(samples):
        costs = [(name, cost(samples, name, work)) for name in programs_of(samples)]
        known = [(name, spent) for name, spent in costs if spent is not None]
        longest = max(spent for _, spent in known)
        y += GAP
        parts.append(f'<text x="4" y="{y}" font-weight="bold">{escape(work)}, CPU us</text>')
        y += 8
        for name, spent in known:
            width = (WIDTH - LABEL - 70) * spent / longest
            color = "#9aa5b1" if name in REFERENCES.values() else "#2f6fb5"
            parts.append(
                f'<text x="{LABEL - 6}" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
                f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR - 4}" fill="{color}"/>'
                f'<text x="{LABEL + width + 5:.1f}" y="{y + 13}">{spent:.0f}</text>'
            )
            y += BAR
    size = f'width="{WIDTH}" height="{y + 12}"'
    style = 'font-family="sans-serif" font-size="12"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{"".join(parts)}</svg>\n'
