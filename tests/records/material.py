"""Real documents that nobody here wrote, and the smallest ones that this module makes itself."""

import gzip
import os
from pathlib import Path

import pydicom.data
import pytest

_ROOT = Path(__file__).parents[2]
_SHARED = Path(os.environ.get("RSO_EXAMPLE_DATA", _ROOT.parent / "shared" / "data"))
_FOLDERS = (_ROOT / "examples", _SHARED / "may-commit", _SHARED / "local-only")

BREAST = "synthea330_breast_alive_Allena_Koepp.json.gz"
BREAST_CCDA = "synthea330_breast_alive_Allena_Koepp.ccda.xml.gz"
SMALL = "synthea330_breast_small_Sueann_Kuhic.json.gz"
MCODE = "Bundle-mcode-patient-bundle-jenny-m.json"
GINGIVAL = "DiagnosticReport-gingival-mass.json"
LABORATORY = "Bundle-lri-example.json"
HOSPITALS = "synthea330_breast_alive_hospitals.json.gz"
COLON = "smart-r4_colon-small_Darin_Skiles.json.gz"
OPNOTE = "jmandel_mTuitive_breast_surgery_opnote.xml"
CONSULTATION = "ms_Consultation_Note.xml"
ORU = "ms_ORU-R01-01.hl7"
ORU_WITH_BOM = "ms_LAB-ORU-1.hl7"
MDM = "ms_MDM-T02-03.hl7"


def real(name):
    """The file's bytes; the test is skipped in one line where the file is not on this machine."""
    for folder in _FOLDERS:
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    pytest.skip(f"{name} is not here: neither in examples/ nor in ../shared/data")


def unpacked(name):
    return gzip.decompress(real(name))


def dicom(name):
    return (Path(pydicom.data.__file__).parent / "test_files" / name).read_bytes()


def pdf(pages=3, *, title="Pathology report", padding=0):
    """A PDF of so many empty pages, with `padding` bytes of a stream between them."""
    kids = " ".join(f"{number} 0 R" for number in range(10, 10 + pages))
    objects = [
        "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj",
        f"2 0 obj << /Type /Pages /Kids [{kids}] /Count {pages} >> endobj",
        f"3 0 obj << /Title ({title}) /CreationDate (D:20260114093000Z) >> endobj",
        *(f"{number} 0 obj << /Type /Page /Parent 2 0 R >> endobj" for number in range(10, 10 + pages)),
    ]
    return (
        b"%PDF-1.7\n" + "\n".join(objects).encode() + b"\n" + b"x" * padding + b"\ntrailer << /Root 1 0 R >>\n%%EOF\n"
    )
