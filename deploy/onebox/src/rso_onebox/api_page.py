"""/docs: every path of one audience on one page, from the same OpenAPI document that clients read. No script, no outside asset."""

from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; text-transform: capitalize }
table { border-collapse: collapse; width: 100% } td { padding: .3rem .6rem .3rem 0; vertical-align: top; border-top: 1px solid #8884 }
td:first-child { width: 4rem; font-weight: 600 } code { overflow-wrap: anywhere } nav a { margin-right: 1.2rem }
pre { overflow-x: auto; background: #8881; padding: .8rem; font-size: .85rem }
"""


def page(document: dict[str, Any], audience: str, others: tuple[str, ...]) -> str:
    """`document` is OpenAPI 3.1; `others` are the other audiences to link to."""
    links = "".join(f'<a href="/docs/{other}">{other}</a>' for other in others)
    tags: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tags.setdefault((operation.get("tags") or ["other"])[0], []).append(_row(method, path, operation))
    body = "".join(f"<h2>{escape(tag)}</h2><table>{''.join(rows)}</table>" for tag, rows in sorted(tags.items()))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(document["info"]["title"])}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(document['info']['title'])}</h1>"
        f'<nav><a href="/openapi-{audience}.json">OpenAPI 3.1</a>{links}<a href="/operations/">pages</a></nav>'
        f"<p>Bearer token in <code>Authorization</code> (<code>rso token ROLE</code>), a fresh <code>Idempotency-Key</code> with every "
        f"POST, errors as <code>application/problem+json</code> with a stable <code>code</code>.</p>{body}</body></html>"
    )


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    summary, detail = escape(operation.get("summary", "")), escape(operation.get("description", ""))
    more = f"<details><summary>{summary}</summary>{detail}</details>" if detail else summary
    return f"<tr><td>{method.upper()}</td><td><code>{escape(path)}</code></td><td>{more}</td></tr>"
