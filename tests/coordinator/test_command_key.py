"""A command's key: the same command has the same one however often its task is done, another command never has it."""

from hypothesis import given
from hypothesis import strategies as st

from rso_coordinator.workflows.command_key import command_key

PATH = "/internal/v1/intake/cases/c/notices"
BODIES = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.none(), max_size=3)


def test_a_task_done_again_with_other_facts_gives_its_first_mail_another_key() -> None:
    """Before the cut the authorization was missing and asked for first; by now it is signed, and payment is asked for."""
    mails = [{"template": "authorization_requested"}, {"template": "payment_requested"}]
    assert len({command_key("c", "mail", 1, PATH, mail) for mail in mails}) == 2
    assert len({command_key("c", "follow_up", 1, f"/requests/{request}/follow-up", {}) for request in "ab"}) == 2


@given(BODIES, st.integers(1, 9))
def test_the_order_of_members_does_not_matter_everything_else_does(body: dict[str, object], number: int) -> None:
    key = command_key("c", "mail", number, PATH, body)
    assert key == command_key("c", "mail", number, PATH, dict(reversed(body.items())))
    others = [
        command_key("d", "mail", number, PATH, body), command_key("c", "quote", number, PATH, body),
        command_key("c", "mail", number + 1, PATH, body), command_key("c", "mail", number, PATH + "s", body),
        command_key("c", "mail", number, PATH, {**body, "more": 1}),
    ]  # fmt: skip
    assert key not in others
