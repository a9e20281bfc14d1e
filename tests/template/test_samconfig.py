"""What is built for this machine can never be deployed to an account."""

import tomllib
from pathlib import Path

CONFIG = tomllib.loads((Path(__file__).parents[2] / "samconfig.toml").read_text(encoding="utf-8"))


def test_the_twin_builds_into_a_folder_that_no_other_environment_deploys_from() -> None:
    here = CONFIG["local"]["build"]["parameters"]["build_dir"]
    assert CONFIG["local"]["deploy"]["parameters"]["template_file"] == f"{here}/template.yaml"
    for environment in ("default", "dev", "prod"):
        assert CONFIG[environment]["build"]["parameters"]["build_dir"] != here
        assert here not in CONFIG[environment]["deploy"]["parameters"]["template_file"]


def test_glue_may_read_its_script_wherever_an_environment_uploads_it() -> None:
    for environment in CONFIG.keys() - {"version"}:
        given = CONFIG[environment]["deploy"]["parameters"]
        assert given.get("resolve_s3") or f"ArtifactBucket={given['s3_bucket']}" in given["parameter_overrides"]
