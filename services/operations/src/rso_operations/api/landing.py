"""Where mails lead: a page without data that says what is asked and how. It shows the same for every case, known or not."""

from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

router = APIRouter(include_in_schema=False)

_ASKED = (
    ("You are the patient, or act for them", "Join by the reference number, accept the terms, sign the authorization",
     "POST /v1/case-joins, then /v1/cases/{case}/terms-acceptances and …/authorizations/{id}/signature"),
    ("You are the local provider", "Join by the reference number; the report will be released to you as well",
     "POST /v1/case-joins with role local_provider"),
    ("You are the specialist", "Look at the offer, attest that you have no conflict, accept or decline it",
     "GET /v1/offers, then POST /v1/offers/{id}/attestation, …/acceptance or …/decline"),
    ("A report was released to you", "Read it, or fetch it as PDF", "GET /v1/cases/{case}/report and …/report.pdf"),
)  # fmt: skip

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>Your second opinion case</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.55 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1.25rem }}
h1 {{ font-size: 1.5rem }} dt {{ font-weight: 600; margin-top: 1.4rem }} dd {{ margin: .2rem 0 0 }}
code {{ font-size: .9em; overflow-wrap: anywhere }} small {{ opacity: .75 }}
</style></head><body><main>
<h1>Something is waited for in a second opinion case</h1>
<p>This page shows nothing about anybody. What is asked of you stands in <code>waiting_on</code> of the case, once you have
signed in to your program: <code>GET /v1/cases/{case}</code>.</p>
<dl>{asked}</dl>
<p><small>In an emergency call your local emergency number. Nobody reads messages here.</small></p>
</main></body></html>
"""


@router.get("/c/{case_id}")
def landing(case_id: str) -> HTMLResponse:
    """The case is not looked up: whether it exists is nobody's business here."""
    case = escape(case_id[:64])
    asked = "".join(
        f"<dt>{who}</dt><dd>{what}.<br><code>{how.replace('{case}', case)}</code></dd>" for who, what, how in _ASKED
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HTMLResponse(_PAGE.format(case=case, asked=asked), headers=headers)


@router.get("/")
def root() -> RedirectResponse:
    return RedirectResponse("/operations/")
