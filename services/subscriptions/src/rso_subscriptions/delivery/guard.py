"""Where a webhook may go: to the outside, and nowhere inside unless a network is allowed by name.

A name is looked up once for each connection, every address of it is judged, and the connection is made to the address that was
judged: there is no second look-up that could answer something else.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from rso_shared.kit.errors import invalid
from rso_shared.kit.settings import ServiceSettings

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
NAT64 = IPv6Network("64:ff9b::/96")
TRIED = 3
MOST_CONNECTIONS, MOST_IDLE, IDLE_SECONDS = 512, 256, 30.0


class AddressRefusedError(Exception):
    """The name leads to an address that nothing may be sent to."""


class NameUnknownError(Exception):
    """The name leads nowhere."""


class Guard:
    """`networks` are allowed although they are not public: for development, or for receivers in one's own network.

    Into them, and nowhere else, also without TLS.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = [ip_network(text) for text in networks]

    def allows(self, address: Address) -> bool:
        """By name of its network."""
        return any(address.version == network.version and address in network for network in self._networks)

    def permits(self, address: Address) -> bool:
        """Also what an IPv6 address carries inside: an IPv4 one of a private network is private in any dress."""
        if self.allows(address):
            return True
        return address.is_global and not address.is_multicast and all(map(self.permits, _inside(address)))

    def require_url(self, url: str) -> None:
        """Before it is stored. Names are judged at each connection, since they may lead elsewhere by then."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", 0, urlsplit("")
        if not host or port == 0 or parts.username is not None or parts.fragment:
            raise invalid(
                "url_invalid", "An endpoint has a url with a host and without user, password or fragment.", "/url"
            )
        literal = _literal(host)
        near = bool(self._networks) if literal is None else self.allows(literal)
        if parts.scheme != "https" and not near:
            raise invalid("url_insecure", "An endpoint is reached by https.", "/url")
        if literal is not None and not self.permits(literal):
            raise invalid("url_private", "An endpoint has a public address.", "/url")


def _inside(address: Address) -> list[Address]:
    if isinstance(address, IPv4Address):
        return []
    teredo = address.teredo or ()
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *teredo]
    if address in NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


@cache
def _guard(networks: str) -> Guard:
    return Guard(part.strip() for part in networks.split(",") if part.strip())


def guard_of(settings: ServiceSettings) -> Guard:
    return _guard(settings.webhook_networks)


async def look_up(host: str, port: int) -> Sequence[str]:
    """Every address of the name. Raises NameUnknownError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        raise NameUnknownError(host) from problem
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore, to judged addresses only. The name stays what TLS is checked against."""

    def __init__(self, permits: Callable[[Address], bool], resolve: Resolve) -> None:
        self._permits, self._resolve = permits, resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """Every address must be permitted, so that none is reached by chance or by trying again."""
        addresses = await self._resolve(host, port)
        if not addresses or not all(self._permits(ip_address(each.partition("%")[0])) for each in addresses):
            raise AddressRefusedError
        *others, last = addresses[:TRIED]
        for address in others:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, path: str, *_more: Any, **_named: Any) -> httpcore.AsyncNetworkStream:
        raise AddressRefusedError(path)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


@cache
def _tls() -> ssl.SSLContext:
    """One for all connections: it reads the authorities' certificates."""
    return httpx.create_ssl_context(trust_env=False)


def _pool(backend: PinnedBackend) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=_tls(), max_connections=MOST_CONNECTIONS,
        max_keepalive_connections=MOST_IDLE, keepalive_expiry=IDLE_SECONDS, network_backend=backend,
    )  # fmt: skip


class PinnedTransport(httpx.AsyncBaseTransport):
    """httpx on pools whose connections the guard opens: one for each scheme, since without TLS fewer addresses are permitted."""

    def __init__(self, guard: Guard, resolve: Resolve = look_up) -> None:
        permits = {"https": guard.permits, "http": guard.allows}
        self._pools = {scheme: _pool(PinnedBackend(of, resolve)) for scheme, of in permits.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        asked = httpcore.Request(
            method=request.method, url=target, headers=request.headers.raw, content=request.stream,
            extensions=request.extensions,
        )  # fmt: skip
        answer = await self._pools[url.scheme].handle_async_request(asked)
        stream = _Stream(answer)
        return httpx.Response(answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions)

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> Any:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


def client(guard: Guard, resolve: Resolve = look_up) -> httpx.AsyncClient:
    """Follows no redirect, takes no proxy from the environment."""
    return httpx.AsyncClient(transport=PinnedTransport(guard, resolve), follow_redirects=False, trust_env=False)
