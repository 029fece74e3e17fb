"""DICOM: modality, study, date and description from the header. Pixels are never decoded."""

import logging
import threading
import warnings
from io import BytesIO
from typing import Any

import pydicom
from pydicom import config
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from rso_records_compiler.formats.media import Format
from rso_records_compiler.formats.recognition import Recognition, Subject, day_of, named, short
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.errors import DomainError, invalid

HEAD = 1024 * 1024
_LAST_WANTED = 0x0020000D
_PIXELS = 0x7FE00000
_UNDEFINED = 0xFFFFFFFF
_LONG_HEADER, _SHORT_HEADER = 12, 8
_KINDS = {
    "SM": RecordKind.PATHOLOGY_SLIDE,
    "SR": RecordKind.IMAGING_REPORT,
    "RTPLAN": RecordKind.OTHER,
    "RTSTRUCT": RecordKind.OTHER,
    "RTDOSE": RecordKind.OTHER,
    "DOC": RecordKind.OTHER,
}

# What pydicom says of odd values quotes them, and so names people: it is told to accept them, and not to speak.
config.settings.reading_validation_mode = config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
_QUIET = threading.Lock()


class DicomHead:
    """Feed it the file in order, then ask. Holds the first MiB whatever the size."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        if len(self._head) < HEAD:
            self._head += chunk[: HEAD - len(self._head)]
        self._size += len(chunk)

    def finish(self) -> Recognition:
        """Raises DomainError 422: `document_truncated`, `dicom_malformed`, `dicom_study_missing`."""
        whole = self._size <= HEAD
        dataset = _header(bytes(self._head), to_pixels=whole, size=self._size)
        study = str(dataset.get("StudyInstanceUID", ""))
        if not study:
            raise invalid("dicom_study_missing", "The DICOM header names no study (StudyInstanceUID).")
        modality = str(dataset.get("Modality", ""))
        return Recognition(
            format=Format.DICOM,
            kind=_KINDS.get(modality, RecordKind.IMAGING_STUDY),
            title=_first(dataset, "StudyDescription", "SeriesDescription") or modality or None,
            dated=day_of(_first(dataset, "StudyDate", "SeriesDate", "ContentDate")),
            facilities=named([_first(dataset, "InstitutionName")]),
            details=(("modality", modality), ("study_uid", study)),
            subject=_subject(dataset),
        )


class _Stop:
    """Ends the reading before the pixels, and notes where they would have to end."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.pixels: int | None = None

    def __call__(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag < self._last:
            return False
        if tag >= _PIXELS and length != _UNDEFINED:
            long = vr is not None and vr in {"OB", "OW", "OF", "OD", "UN"}
            self.pixels = length + (_LONG_HEADER if long else _SHORT_HEADER)
        return True


def _header(head: bytes, *, to_pixels: bool, size: int) -> pydicom.Dataset:
    """A file within the first MiB is read up to its pixels, so that a cut is noticed; a larger one as far as is needed."""
    stop = _Stop(_PIXELS if to_pixels else _LAST_WANTED + 1)
    file = BytesIO(head)
    try:
        with _QUIET, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = read_partial(file, stop_when=stop, force=False)
            cut = _cut(dataset, file.tell() + (stop.pixels or 0), size)
            _touch(dataset)
    except (EOFError, OSError):
        raise _truncated() from None
    except (InvalidDicomError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError):
        raise invalid("dicom_malformed", "The DICOM header cannot be read.") from None
    if cut:
        raise _truncated()
    return dataset


def _cut(dataset: pydicom.Dataset, ends: int, size: int) -> bool:
    """True if the pixels would end behind the file, or an element is shorter than it says. Deflated offsets tell nothing."""
    deflated = str(dataset.file_meta.get("TransferSyntaxUID", "")) == DeflatedExplicitVRLittleEndian
    raw = [item for item in dataset.values() if isinstance(item, RawDataElement) and item.value is not None]
    short_value = any(item.length != _UNDEFINED and len(item.value or b"") < item.length for item in raw)
    return short_value or (ends > size and not deflated)


def _touch(dataset: pydicom.Dataset) -> None:
    """Elements are decoded when they are first asked for: ask here, where a bad one is still a refusal."""
    for name in ("Modality", "StudyInstanceUID", "StudyDate", "StudyDescription", "InstitutionName", "PatientName"):
        dataset.get(name)


def _truncated() -> DomainError:
    return invalid("document_truncated", "The DICOM file ends before its content does. Send the whole file again.")


def _first(dataset: pydicom.Dataset, *names: str) -> str:
    values: list[Any] = [dataset.get(name) for name in names]
    return next((text for value in values if value and (text := short(str(value)))), "")


def _subject(dataset: pydicom.Dataset) -> Subject | None:
    family, _, given = str(dataset.get("PatientName", "")).partition("^")
    if not family:
        return None
    return Subject(family, given.partition("^")[0], day_of(str(dataset.get("PatientBirthDate", ""))))
