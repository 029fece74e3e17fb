"""The text of the authorization that is signed, with the elements of 45 CFR 164.508(c). A new text is a new version."""

STATEMENT_VERSION = "hipaa-authorization-1"

STATEMENT_TEXT = """\
Authorization to disclose health information

1. What: my medical records that concern the condition named in this case: clinical notes, imaging studies and reports, \
pathology reports, slides and blocks, laboratory and genomic results, operative notes and medication lists.
2. Who may disclose: the hospitals, practices, laboratories and imaging centers that have treated me.
3. To whom: the remote second opinion program, its staff, and the specialist who accepts my case. The resulting opinion \
goes to the recipients that the program names in its terms.
4. Purpose: to prepare a second opinion at my request.
5. End: this authorization ends one year after the day I sign it, unless I revoke it earlier.
6. I may revoke it at any time through the program. What was disclosed before the revocation cannot be taken back.
7. My treatment, payment, enrollment or eligibility for benefits at home does not depend on my signing this.
8. What is disclosed may be disclosed again by whoever receives it and may then no longer be protected by federal law.
9. Psychotherapy notes and records of substance use disorder treatment need an authorization of their own.
"""
