"""What an endpoint, or a reader of the feed, wants of its organisation's events."""

from dataclasses import dataclass

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty means: all. `types` are names or a family such as `case.*`; an event that belongs to no program passes `programs`."""

    types: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    sponsors: tuple[str, ...] = ()

    def wants(self, type_: str, program_id: str | None, sponsor_id: str | None) -> bool:
        return (
            (not self.types or any(matches(pattern, type_) for pattern in self.types))
            and (not self.programs or program_id is None or program_id in self.programs)
            and (not self.sponsors or sponsor_id is None or sponsor_id in self.sponsors)
        )


def matches(pattern: str, type_: str) -> bool:
    family, _, rest = pattern.rpartition(".")
    return pattern in {EVERYTHING, type_} or (rest == EVERYTHING and type_.startswith(f"{family}."))
