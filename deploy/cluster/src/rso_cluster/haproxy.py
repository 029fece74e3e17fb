"""The ingress: HAProxy's configuration, made from the services' routing table. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rso_cluster.ports import LOOPBACK
from rso_cluster.topology import LIVE_PATH, STICKY

FRONT = "front"
PAGES = "pages"
FALLBACK = "operations"
"""Whose app answers what no route names: the pages, the landing page of mails, and 404."""
PUBLIC_ROUTES, INTERNAL_ROUTES = "public.map", "internal.map"
FRONT_PATHS = "^/(livez|readyz|docs(/[a-z]+)?|openapi-[a-z]+[.]json)$"


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    port: int


@dataclass(frozen=True, slots=True)
class Ingress:
    """`apis` are the replicas of each service by its short name."""

    public: int
    internal: int
    front: Address
    apis: Mapping[str, Sequence[Address]]


@dataclass(frozen=True, slots=True)
class Files:
    public_routes: Path
    internal_routes: Path
    away: Path
    """The answer when no replica can be reached: problem+json like every other refusal."""
    unknown: Path


NOWHERE = "urn:rso:request:ingress"
"""`instance` of what the ingress says by itself: no service has seen the request, and none has a line about it."""


def _problem(head: str, code: str, detail: str) -> str:
    """An answer of the ingress' own, in the form that every service gives to a refusal."""
    status, title = int(head.split(" ")[1]), code.replace("_", " ").capitalize()
    told = {"type": f"urn:rso:problem:{code}", "title": title, "status": status, "code": code, "detail": detail}
    return f"{head}\r\n\r\n{json.dumps({**told, 'instance': NOWHERE})}\n"


_KIND = "Content-Type: application/problem+json"
AWAY = _problem(
    f"HTTP/1.1 503 Service Unavailable\r\n{_KIND}\r\nRetry-After: 1\r\nConnection: close",
    "temporarily_unavailable",
    "Try again in a moment, with the same Idempotency-Key.",
)
UNKNOWN = _problem(
    f"HTTP/1.1 404 Not Found\r\n{_KIND}\r\nConnection: close",
    "route_unknown",
    "There is no such path; the OpenAPI document lists them all.",
)

_LOG_FORMAT = (
    '{"at":"%[date,ltime(%Y-%m-%dT%H:%M:%S)]","method":"%HM","backend":"%b","server":"%s","status":%ST,"ms":%Ta,'
    '"bytes":%B,"end":"%ts","retries":"%rc"}'
)
_TOP = """\
# Made by `rso cluster up` from the services' own routes; do not edit.
global
    log stdout format raw local0
    maxconn 4000
    hard-stop-after 20s

defaults
    mode http
    log global
    # Neither paths nor queries nor addresses of people: which replica answered what, how fast, and how often it was tried.
    log-format '{log_format}'
    timeout connect 2s
    timeout http-request 15s
    timeout http-keep-alive 60s
    timeout client 75s
    timeout server 300s
    timeout queue 10s
    timeout tunnel 1h
    timeout check 3s
    retries 4
    option redispatch 1
    # Safe for every method: each POST carries an Idempotency-Key. A body too long to be kept is not sent again.
    retry-on conn-failure empty-response response-timeout
    option http-keep-alive
    http-reuse safe
    errorfile 500 {away}
    errorfile 502 {away}
    errorfile 503 {away}
    errorfile 504 {away}
    default-server check inter 1s fastinter 300ms downinter 300ms fall 2 rise 1 observe layer4 error-limit 2 on-error mark-down

frontend public
    bind {host}:{public}
    # The path as the services will read it, so that an encoded one is no way around.
    http-request set-var(txn.path) path,url_dec
    acl inside var(txn.path) -m reg ^/+(internal|metrics)(/|$)
    http-request return status 404 errorfile {unknown} if inside
    http-request del-header x-forwarded- -m beg
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    use_backend {front} if {{ var(txn.path) -m reg {front_paths} }}
    use_backend {pages} if {{ var(txn.path) -m reg ^/operations(/|$) }}
    use_backend %[var(txn.path),map_reg({public_routes},{fallback})]

frontend internal
    bind {host}:{internal}
    http-request set-var(txn.path) path,url_dec
    use_backend %[var(txn.path),map_reg({internal_routes},{fallback})]
"""


def configuration(ingress: Ingress, files: Files) -> str:
    top = _TOP.format(
        log_format=_LOG_FORMAT,
        host=LOOPBACK, public=ingress.public, internal=ingress.internal, front=FRONT, pages=PAGES, fallback=FALLBACK,
        front_paths=FRONT_PATHS, away=files.away, unknown=files.unknown,
        public_routes=files.public_routes, internal_routes=files.internal_routes,
    )  # fmt: skip
    # Alive is enough: an api takes commands while Kafka is away, and its replicas share one database.
    sticky = {service.short for service in STICKY}
    parts = [top, _backend(FRONT, [ingress.front], LIVE_PATH)]
    for short, replicas in ingress.apis.items():
        parts.append(_backend(short, replicas, LIVE_PATH))
        if short in sticky:
            parts.append(_backend(PAGES, replicas, LIVE_PATH, sticky=True))
    return "\n".join(parts)


def _backend(name: str, replicas: Iterable[Address], check: str, *, sticky: bool = False) -> str:
    lines = [f"backend {name}", "    balance leastconn", f"    option httpchk GET {check}"]
    if sticky:  # a browser's page lives in one process; the cookie names that process and nothing else
        lines.append("    cookie rso_pages insert indirect nocache httponly")
    for one in replicas:
        cookie = f" cookie {one.name}" if sticky else ""
        lines.append(f"    server {one.name} {LOOPBACK}:{one.port}{cookie}")
    return "\n".join([*lines, ""])


def route_map(routes: Iterable[tuple[str, str]]) -> str:
    """(pattern, service) in the order in which they are tried."""
    return "".join(f"{pattern} {service}\n" for pattern, service in routes)
