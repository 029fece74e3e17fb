"""What no case brings about by itself, done beside the cases: events by webhook, promises that are made anew, persons who are erased."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from chaos.armed import TIMES, tally
from subscriptions.receiving import Receiver, receiver

from cluster.conftest import Deployment
from rso_cluster.folder import Folder
from rso_cluster.load_client import LoadApi
from rso_cluster.load_client import Tally as Requests
from rso_cluster.load_story import WAIT_SECONDS, LoadStory
from rso_cluster.points import ACTS, APPENDS
from rso_onebox.client import OPERATOR
from rso_onebox.demo_people import PARTNER
from rso_shared.contracts.vocabulary import ConditionGroup, Role
from rso_shared.kit.names import SERVICES

ENDPOINTS = "/v1/endpoints"
PAUSE_SECONDS = 0.2
FEED = f"SELECT sequence, lane FROM feed WHERE organisation_id = '{PARTNER}' ORDER BY sequence"
PAUSING = [("subscriptions.delivery", point) for point in APPENDS]
MAILING = [("subscriptions.consumer", ACTS)]


class HurriedStory(LoadStory):
    """Its promise was made when its records were accepted, and is made anew when it becomes urgent."""

    def accept_offer(self) -> None:
        self.waits_for("offer")
        self.cast.desk.post(self.path("/priority"), {"priority": "expedited", "reason": "Surgery is planned."})
        super().accept_offer()


@dataclass
class Beside:
    cluster: Deployment
    closing: ExitStack

    def caller(self, role: Role, subject: str, organisation: str = OPERATOR) -> LoadApi:
        made = LoadApi(self.cluster.address, self.cluster.issuer, role, subject, organisation, Requests())
        self.closing.callback(made.close)
        return made

    def hit(self, *pairs: tuple[str, str]) -> bool:
        counted = tally(Folder(self.cluster.data).crashes)
        return all(counted[pair] >= TIMES for pair in pairs)


@contextmanager
def beside(cluster: Deployment) -> Iterator[Beside]:
    with ExitStack() as closing:
        yield Beside(cluster, closing)


def until(what: str, enough: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not enough():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(PAUSE_SECONDS)


@dataclass
class Subscriber:
    """The partner's endpoint. Its receiver says that it is gone until the delivery has died often enough over pausing it."""

    room: Beside
    status: int = HTTPStatus.GONE
    there: Receiver = field(init=False)
    partner: LoadApi = field(init=False)
    at: str = field(init=False)

    def __post_init__(self) -> None:
        self.there = self.room.closing.enter_context(receiver(lambda _handler: self.status))

    def work(self) -> None:
        self.partner = self.room.caller(Role.PARTNER, "example-health-ehr", PARTNER)
        wanted = {"url": self.there.url, "contact": "ehr@example.org", "start": "beginning", "rate": 500}
        self.at = f"{ENDPOINTS}/{self.partner.post(ENDPOINTS, wanted)['endpoint_id']}"
        until("the first pause", self.paused)
        while not self.room.hit(*PAUSING):
            self.resume()
            until("a pause", self.paused)
        until("the mails", partial(self.room.hit, *MAILING))
        self.status = HTTPStatus.NO_CONTENT
        self.resume()

    def paused(self) -> bool:
        return bool(self.partner.get(self.at)["status"] == "paused")

    def resume(self) -> None:
        self.partner.post(f"{self.at}/resumption")

    def feed(self) -> dict[int, str]:
        """Sequence -> lane, as the store has it."""
        return dict(self.room.cluster.stores["subscriptions"].rows(FEED))

    def has_everything(self) -> bool:
        return set(self.feed()) == set(self.there.sequences)

    def out_of_order(self) -> list[int]:
        """What came for the first time after something later of its lane."""
        lanes, newest, late = self.feed(), defaultdict[str, int](int), list[int]()
        for sequence in dict.fromkeys(self.there.sequences):
            lane = lanes[sequence]
            late += [sequence] if sequence < newest[lane] else []
            newest[lane] = max(sequence, newest[lane])
        return late


def erase(room: Beside) -> None:
    """As many specialists who have nothing to do with the cases. First the promises: these ends are to be theirs."""
    until("the promises made anew", partial(room.hit, ("coordinator.consumer", APPENDS[0])))
    desk = room.caller(Role.CARE_COORDINATOR, "desk")
    asking, approving = (room.caller(Role.PRIVACY_OFFICER, f"officer-{number}") for number in (1, 2))
    found = desk.get("/v1/specialists", condition_group=ConditionGroup.SPINE, limit=TIMES)["specialists"]
    orders = [f"/v1/persons/{each['specialist_id']}/erasure" for each in found]
    for order in orders:
        asking.post(order, {"reason": "person_request"})
        approving.post(f"{order}/approval")
    until("the erasures", lambda: all(asking.get(order)["state"] == "completed" for order in orders))


def answers(cluster: Deployment) -> Counter[str]:
    """Service -> how often it said that it can read nothing of somebody any more."""
    counted = cluster.events()
    return Counter({service.short: counted[f"{service.short}.key_destroyed"] for service in SERVICES})
