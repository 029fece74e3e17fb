"""The patient and the practitioners of a bundle, as an intake form wants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rso_onebox.bundle_reading import References, Resource, first, objects, text, texts
from rso_shared.kit.errors import invalid

_NPI = "http://hl7.org/fhir/sid/us-npi"
_UNITED_STATES = {"", "us", "usa", "united states", "united states of america"}
_STATE_NAMES = (
    "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|FL Florida|GA Georgia"
    "|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland"
    "|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada"
    "|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma"
    "|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah"
    "|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|DC District of Columbia"
    "|AS American Samoa|GU Guam|MP Northern Mariana Islands|PR Puerto Rico|VI Virgin Islands"
)
_CODE_OF_STATE = {name.lower(): code for code, _, name in (each.partition(" ") for each in _STATE_NAMES.split("|"))}


@dataclass(frozen=True, slots=True)
class Name:
    family: str
    given: tuple[str, ...]
    prefix: str = ""

    @property
    def shown(self) -> str:
        return " ".join(part for part in (self.prefix, *self.given, self.family) if part)


@dataclass(frozen=True, slots=True)
class Address:
    lines: tuple[str, ...]
    city: str
    county: str
    state: str
    """Two letters, or as written where it is no state of the United States."""
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """`kind` is the HL7 type code where given: MR, SS, DL, PPN."""

    system: str
    value: str
    kind: str


@dataclass(frozen=True, slots=True)
class Patient:
    name: Name
    other_names: tuple[Name, ...]
    birth_date: date
    sex: str
    address: Address
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Practitioner:
    key: str
    name: str
    npi: str | None
    email: str | None
    state: str | None


def find_patient(resources: Sequence[Resource]) -> Resource:
    """The one Patient. None and several are refused: a case is about one person."""
    patients = [each for each in resources if text(each, "resourceType") == "Patient"]
    if not patients:
        raise invalid("bundle_patient_missing", "The bundle has no Patient; a case needs one.", "/entry")
    if len(patients) > 1:
        raise invalid("bundle_patients_several", "The bundle has more than one Patient; a case is about one.", "/entry")
    return patients[0]


def read_patient(resource: Resource) -> Patient:
    names = [
        _name(each) for each in sorted(objects(resource, "name"), key=lambda each: text(each, "use") != "official")
    ]
    born = text(resource, "birthDate")
    try:
        birth_date = date.fromisoformat(born)
    except ValueError:
        raise invalid("bundle_birth_date_missing", "The Patient has no full date of birth.", "/entry") from None
    if not names or not names[0].family:
        raise invalid("bundle_name_missing", "The Patient has no family name.", "/entry")
    return Patient(
        name=names[0],
        other_names=tuple(names[1:]),
        birth_date=birth_date,
        sex=text(resource, "gender") or "unknown",
        address=read_address(resource),
        phones=_telecom(resource, "phone"),
        emails=_telecom(resource, "email"),
        identifiers=tuple(_identifier(each) for each in objects(resource, "identifier") if text(each, "value")),
        language=_language(resource),
    )


def read_address(resource: Resource) -> Address:
    found = first(resource, "address")
    country = text(found, "country")
    return Address(
        lines=texts(found, "line"),
        city=text(found, "city"),
        county=text(found, "district"),
        state=state_code(text(found, "state")),
        postal_code=text(found, "postalCode"),
        country="US" if country.lower() in _UNITED_STATES else country,
    )


def state_code(written: str) -> str:
    return _CODE_OF_STATE.get(written.lower(), written.upper() if len(written) == 2 else written)  # noqa: PLR2004 - MA, ny


def practitioner_from(reference: Resource, references: References, holder: Resource) -> Practitioner | None:
    """The practitioner that a reference means; one not in the bundles is known by display and identifier only."""
    found = references.resolve(reference, holder)
    if found is not None:
        return read_practitioner(found) if text(found, "resourceType") == "Practitioner" else None
    to = text(reference, "reference")
    kind, _, identifier = to.partition("?identifier=")
    shown = text(reference, "display")
    if not shown or (to and not kind.startswith("Practitioner")):
        return None
    npi = identifier.partition("|")[2] if identifier.startswith(f"{_NPI}|") else None
    return Practitioner(references.key_of(reference, holder), shown, npi, None, None)


def read_practitioner(resource: Resource) -> Practitioner:
    npis = (text(each, "value") for each in objects(resource, "identifier") if text(each, "system") == _NPI)
    return Practitioner(
        key=f"Practitioner/{text(resource, 'id')}",
        name=_name(first(resource, "name")).shown or "unnamed practitioner",
        npi=next(npis, None) or None,
        email=next(iter(_telecom(resource, "email")), None),
        state=read_address(resource).state or None,
    )


def _name(given: Resource) -> Name:
    return Name(text(given, "family"), texts(given, "given"), " ".join(texts(given, "prefix")))


def _telecom(resource: Resource, system: str) -> tuple[str, ...]:
    """Of the person, and else of whoever is to be contacted for them."""
    own = objects(resource, "telecom")
    contacts = [each for contact in objects(resource, "contact") for each in objects(contact, "telecom")]
    return tuple(
        text(each, "value") for each in own or contacts if text(each, "system") == system and text(each, "value")
    )


def _identifier(given: Resource) -> Identifier:
    kinds = (text(coding, "code") for coding in objects(first(given, "type"), "coding"))
    return Identifier(text(given, "system"), text(given, "value"), next(kinds, ""))


def _language(resource: Resource) -> str:
    spoken = (first(each, "language") for each in objects(resource, "communication"))
    codes = (text(coding, "code") for language in spoken for coding in objects(language, "coding"))
    return next((code.partition("-")[0] for code in codes if code), "en")
