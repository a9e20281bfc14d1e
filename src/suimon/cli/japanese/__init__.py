"""The Japanese of what the commands say, by subject: English text to Japanese. A text in braces is filled in."""

from suimon.cli.japanese.changes import CHANGES
from suimon.cli.japanese.checks import CHECKS
from suimon.cli.japanese.files import FILES
from suimon.cli.japanese.incident_kinds import INCIDENT_KINDS
from suimon.cli.japanese.refusals import REFUSALS
from suimon.cli.japanese.replays import REPLAYS
from suimon.cli.japanese.standing import STANDING

SUBJECTS = (STANDING, CHANGES, REPLAYS, FILES, CHECKS, REFUSALS, INCIDENT_KINDS)
JAPANESE = {english: japanese for subject in SUBJECTS for english, japanese in subject.items()}
