"""Two questions for each condition group, as patients and their doctors ask them."""

from types import MappingProxyType

from rso_shared.contracts.vocabulary import ConditionGroup as Group

QUESTIONS = MappingProxyType(
    {
        Group.BREAST_CANCER: (
            "Do the receptor results and the stage support the treatment that was proposed?",
            "After the treatment so far, is further surgery, radiotherapy or medication needed?",
        ),
        Group.PROSTATE_CANCER: (
            "Do the biopsy and the PSA values support treatment now, or active surveillance?",
            "Which of surgery and radiotherapy fits better, and why?",
        ),
        Group.COLORECTAL_CANCER: (
            "Do the biopsy and the imaging support the stage that was given?",
            "Is chemotherapy needed before or after the operation?",
        ),
        Group.LUNG_CANCER: (
            "Do the tissue and the imaging support the cell type and stage that were given?",
            "Is an operation possible, and which medication fits the molecular results?",
        ),
        Group.BRAIN_TUMOUR: (
            "Do the images support the suspected kind of tumour?",
            "Is an operation advisable now, and how much should be removed?",
        ),
        Group.BLOOD_CANCER: (
            "Do the marrow, the flow cytometry and the genetic results support the diagnosis?",
            "Should treatment begin now, and with which regimen?",
        ),
        Group.GYNAECOLOGICAL: (
            "Do the examination and the imaging support the diagnosis?",
            "Is an operation needed, and is there an alternative to it?",
        ),
        Group.SPINE: (
            "Do the images explain the symptoms?",
            "Is the proposed operation advisable, and what could be tried first?",
        ),
        Group.JOINT: (
            "Do the findings support the diagnosis?",
            "Is an operation or a change of medication advisable now?",
        ),
        Group.HEART: (
            "Do the tests support the diagnosis and its severity?",
            "Is an intervention advisable, or can medication do as well?",
        ),
        Group.BOWEL_DISEASE: (
            "Do the endoscopy and the biopsies support the diagnosis?",
            "Which medication should come next?",
        ),
        Group.RARE_UNDIAGNOSED: (
            "Which diagnosis fits the findings best?",
            "Which test should come next?",
        ),
    }
)
