"""Bytes to a bundle, references to resources: every form that R4 knows, and everything that is none."""

import gzip
import json

import pytest
from onebox.bundles import PATIENT, bundle, refused

from rso_onebox.bundle import read_bundle
from rso_onebox.bundle_reading import LONG_AGO, References, instant


def test_every_kind_of_reference_is_followed():
    organisation = {
        "resourceType": "Organization",
        "id": "o",
        "identifier": [{"system": "s", "value": "v"}],
        "name": "N",
    }
    references = References([("urn:uuid:1", organisation)])
    holder = {"contained": [{"resourceType": "Organization", "id": "c"}]}
    for to in (
        "urn:uuid:1",
        "Organization/o",
        "https://example.org/fhir/Organization/o",
        "Organization?identifier=s|v",
    ):
        assert references.resolve({"reference": to}) is organisation
    assert references.resolve({"type": "Organization", "identifier": {"system": "s", "value": "v"}}) is organisation
    assert references.resolve({"reference": "#c"}, holder) == holder["contained"][0]
    assert references.resolve({"reference": "#c"}) is None
    assert references.resolve({}) is None
    assert references.key_of({"reference": "Organization?identifier=s|v"}) == references.key_of(
        {"reference": "urn:uuid:1"}
    )
    assert references.key_of({"reference": "Organization/elsewhere"}) == "Organization/elsewhere"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "bundle_unreadable"),
        (b"{", "bundle_unreadable"),
        (b"\xff\xfe", "bundle_unreadable"),
        (json.dumps(bundle(PATIENT)).encode()[:-5], "bundle_unreadable"),
        (gzip.compress(json.dumps(bundle(PATIENT)).encode())[:-9], "bundle_unreadable"),
        (b"\x1f\x8bnot gzip", "bundle_unreadable"),
        (b"[]", "bundle_not_a_bundle"),
        (b'{"resourceType":"Patient"}', "bundle_not_a_bundle"),
        (b'{"resourceType":"Bundle"}', "bundle_empty"),
        (b'{"resourceType":"Bundle","entry":[{"fullUrl":"x"}]}', "bundle_empty"),
    ],
)
def test_bytes_that_are_no_bundle_are_refused(raw, code):
    assert refused(lambda: read_bundle(raw)) == code


def test_partial_dates_are_their_beginning_and_unreadable_ones_are_long_ago():
    assert instant("2019") < instant("2019-05") < instant("2019-05-02") < instant("2019-05-02T10:00:00Z")
    assert instant("") == instant("yesterday") == LONG_AGO
