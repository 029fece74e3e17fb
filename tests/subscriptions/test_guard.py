"""Where nothing may be sent, and what a receiver may do to us: hang, redirect, answer without end, change its address."""

import asyncio
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from rso_shared.kit.errors import DomainError
from rso_subscriptions.delivery import guard, sending
from rso_subscriptions.delivery.guard import Guard
from subscriptions.receiving import free_port, receiver

SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
HERE = Guard(["127.0.0.1/32"])


def sent(url, there=HERE, resolve=guard.look_up, seconds=5.0, times=1):
    """The outcomes of several attempts by one client."""

    async def work():
        client = guard.client(there, resolve)
        try:
            return [
                await sending.send(client, url, SECRETS, "event-1", '{"a":1}', seconds=seconds) for _ in range(times)
            ]
        finally:
            await client.aclose()

    return asyncio.run(work())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "2002:a00:1::", "192.0.2.1", "198.18.0.1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address):
    assert not Guard().permits(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_public_ones_are_not(address):
    assert Guard().permits(ip_address(address))


def test_a_network_is_allowed_by_name_and_no_other_with_it():
    there = Guard(["10.1.0.0/16", "::1/128"])
    assert there.permits(ip_address("10.1.2.3"))
    assert there.permits(ip_address("::1"))
    assert not there.permits(ip_address("10.2.0.1"))
    assert not there.permits(ip_address("127.0.0.1"))


def test_plain_http_is_for_networks_of_ones_own():
    with pytest.raises(DomainError, match="url_insecure"):
        Guard().require_url("http://hooks.example.org/")
    Guard(["127.0.0.0/8"]).require_url("http://127.0.0.1:9000/")
    Guard().require_url("https://hooks.example.org:8443/path?x=1")


@pytest.mark.parametrize("url", ["http://93.184.216.34/", "http://10.2.0.1/", "http://[::1]/"])
def test_one_network_of_ones_own_lets_plain_http_go_nowhere_else(url):
    with pytest.raises(DomainError, match="url_insecure"):
        HERE.require_url(url)
    HERE.require_url("http://hooks.example.org/")  # where it leads is judged at each connection


def test_without_tls_a_name_may_lead_into_the_allowed_network_alone():
    """With TLS a public address would do. One that answers nobody stands for it: no connection is even tried."""

    async def resolve(_host, _port):
        return ["93.184.216.34"]

    assert sent("http://hooks.example.org/", resolve=resolve)[0].code == "address_refused"
    assert sent("https://hooks.example.org/", resolve=resolve, seconds=0.2)[0].code != "address_refused"


def test_a_name_that_leads_inside_at_the_second_look_up_is_refused_there():
    """The first answer was judged and used; the second is judged again, and no connection is made."""
    looked, answers = [], iter([["127.0.0.1"], ["127.0.0.2"]])

    async def resolve(host, _port):
        looked.append(host)
        return next(answers)

    with receiver() as there:
        port = there.url.split(":")[2].rstrip("/")
        there.behave = lambda handler: handler.close_connection or setattr(handler, "close_connection", True) or 204
        outcomes = sent(f"http://hooks.example.org:{port}/", resolve=resolve, times=2)
    assert [outcome.code for outcome in outcomes] == ["delivered", "address_refused"]
    assert looked == ["hooks.example.org"] * 2
    assert there.headers[0]["host"] == f"hooks.example.org:{port}", "the name is kept, only the address is pinned"


def test_between_look_up_and_connection_there_is_no_second_look_up(monkeypatch):
    """What connects is given an address and never the name."""
    connected = []
    inner = guard.httpcore.AnyIOBackend.connect_tcp

    async def noted(self, host, *rest: object, **more):
        connected.append(host)
        return await inner(self, host, *rest, **more)

    monkeypatch.setattr(guard.httpcore.AnyIOBackend, "connect_tcp", noted)

    async def resolve(_host, _port):
        return ["127.0.0.1"]

    with receiver() as there:
        port = there.url.split(":")[2].rstrip("/")
        assert sent(f"http://hooks.example.org:{port}/", resolve=resolve)[0].delivered
    assert connected == ["127.0.0.1"]


def test_one_private_address_among_public_ones_spoils_the_name():
    async def resolve(_host, _port):
        return ["93.184.216.34", "10.0.0.1"]

    assert sent("http://hooks.example.org/", Guard(), resolve)[0].code == "address_refused"


def test_redirects_are_not_followed():
    with receiver(lambda _handler: 302) as there:
        outcome = sent(there.url)[0]
        assert (outcome.code, outcome.status, sum(there.tries.values())) == ("redirect_not_followed", 302, 1)


def test_a_body_without_end_is_cut_off():
    def endless(handler):
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        except OSError:
            handler.close_connection = True

    with receiver(endless) as there:
        started = time.monotonic()
        assert sent(there.url)[0].delivered
        assert time.monotonic() - started < 2


def test_a_body_that_drips_costs_a_second_and_no_more():
    def dripping(handler):
        handler.send_response(200)
        handler.send_header("content-length", "100")
        handler.end_headers()
        try:
            for _ in range(40):
                handler.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            pass
        handler.close_connection = True

    with receiver(dripping) as there:
        started = time.monotonic()
        assert sent(there.url)[0].delivered
        assert time.monotonic() - started < 3


def test_a_receiver_that_hangs_is_given_up():
    def hanging(handler):
        time.sleep(1.0)
        handler.close_connection = True

    with receiver(hanging) as there:
        outcome = sent(there.url, seconds=0.3)[0]
    assert (outcome.code, outcome.status) == ("timeout", None)


@contextmanager
def speaking(said: bytes):
    """A socket that says this to whoever connects, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200", b"not http at all\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n"])
def test_what_is_no_answer_is_a_broken_connection(said):
    with speaking(said) as port:
        assert sent(f"http://127.0.0.1:{port}/")[0].code == "connection_broken"


def test_nobody_there_and_no_tls_are_told_apart():
    assert sent(f"http://127.0.0.1:{free_port()}/")[0].code == "connect_failed"
    with speaking(b"plain text") as port:
        assert sent(f"https://127.0.0.1:{port}/")[0].code == "tls_failed"


def test_a_name_that_is_not_known_is_said_so():
    async def resolve(host, _port):
        raise guard.NameUnknownError(host)

    assert sent("http://nowhere.example/", resolve=resolve)[0].code == "name_unknown"


def test_retry_after_is_heard():
    def busy(handler):
        handler.send_response(503)
        handler.send_header("retry-after", "120")
        handler.send_header("content-length", "0")
        handler.end_headers()

    with receiver(busy) as there:
        outcome = sent(there.url)[0]
    assert (outcome.status, outcome.asked.total_seconds()) == (503, 120)


def test_certificates_are_checked():
    context = guard.PinnedTransport(HERE)._pools["https"]._ssl_context
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
