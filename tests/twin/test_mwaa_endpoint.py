"""The twin's MWAA against botocore's client, in front of an Airflow whose answers each test chooses."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from local.mwaa import webserver
from local.mwaa.endpoint import STATUS_FILE
from local.mwaa.webserver import MAX_ANSWER_BYTES
from tests.twin.mwaa_server import (
    ROLE_ARN,
    RUN,
    FakeAirflow,
    FakeIam,
    Stand,
    client_of,
    closed_port,
    code_of,
    endpoint,
    served,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Servers for all tests; each request comes a second after the one before, so that no test meets the limit."""
    airflow, iam, runtime = FakeAirflow(), FakeIam(set()), tmp_path_factory.mktemp("runtime")
    seconds = itertools.count()
    with served(airflow.app()) as airflow_url, endpoint(runtime, airflow_url, iam, lambda: next(seconds)) as url:
        yield Stand(client_of(url), airflow, iam, runtime)


@pytest.fixture
def stand(shared: Stand) -> Stand:
    shared.airflow.answer, shared.airflow.seconds, shared.airflow.asked = (lambda: JSONResponse({})), 0.0, []
    shared.iam.allowed, shared.iam.code, shared.iam.asked = {f"{ROLE_ARN}/Op"}, "AccessDeniedException", []
    (shared.runtime / STATUS_FILE).unlink(missing_ok=True)
    return shared


def test_a_run_is_opened_with_the_nulls_of_its_body(stand: Stand) -> None:
    stand.airflow.answer = lambda: JSONResponse({"state": "queued"})

    answer = stand.invoke(Body=RUN)

    assert answer["RestApiStatusCode"] == 200
    assert answer["RestApiResponse"] == {"state": "queued"}
    asked = stand.airflow.asked[0]
    assert (asked["method"], asked["path"]) == ("POST", "/api/v2/dags/daily/dagRuns")
    assert asked["body"] == RUN


def test_query_parameters_reach_airflow_with_lists_and_json_spelling(stand: Stand) -> None:
    stand.invoke("/dags", "GET", QueryParameters={"tags": ["a b", "c&d"], "limit": 5, "paused": False, "none": None})

    assert stand.airflow.asked[0]["query"] == [("tags", "a b"), ("tags", "c&d"), ("limit", "5"), ("paused", "false")]
    assert stand.airflow.asked[0]["body"] is None


def test_a_run_id_with_plus_and_colon_stays_what_it_is(stand: Stand) -> None:
    stand.invoke("/dags/daily/dagRuns/manual__2026-11-20T00:00:00+00:00", "GET")

    assert stand.airflow.asked[0]["path"] == "/api/v2/dags/daily/dagRuns/manual__2026-11-20T00:00:00+00:00"


def test_a_path_of_64_characters_is_taken(stand: Stand) -> None:
    assert stand.invoke("/" + "x" * 63, "GET")["RestApiStatusCode"] == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_airflows_4xx_is_a_client_exception_with_its_status_and_body(stand: Stand, status: int) -> None:
    stand.airflow.answer = lambda: JSONResponse({"detail": "no"}, status)

    with pytest.raises(stand.client.exceptions.RestApiClientException) as raised:
        stand.invoke(Body=RUN)

    assert raised.value.response["RestApiStatusCode"] == status  # type: ignore[typeddict-item] # modelled by the service
    assert raised.value.response["RestApiResponse"] == {"detail": "no"}  # type: ignore[typeddict-item] # as above
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("status", [500, 502, 503])
def test_airflows_5xx_is_a_server_exception_and_also_http_400(stand: Stand, status: int) -> None:
    stand.airflow.answer = lambda: JSONResponse({"detail": "broken"}, status)

    with pytest.raises(stand.client.exceptions.RestApiServerException) as raised:
        stand.invoke(Body=RUN)

    assert raised.value.response["RestApiStatusCode"] == status  # type: ignore[typeddict-item] # modelled by the service
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_answer_that_is_not_json_comes_as_text(stand: Stand) -> None:
    stand.airflow.answer = lambda: PlainTextResponse("Bad Request: いけません", 400)

    with pytest.raises(stand.client.exceptions.RestApiClientException) as raised:
        stand.invoke(Body=RUN)

    assert raised.value.response["RestApiResponse"] == "Bad Request: いけません"  # type: ignore[typeddict-item] # modelled by the service


def test_an_empty_answer_is_an_empty_object(stand: Stand) -> None:
    stand.airflow.answer = lambda: Response(status_code=204)

    answer = stand.invoke("/dags/daily/dagRuns/x", "DELETE")

    assert (answer["RestApiStatusCode"], answer["RestApiResponse"]) == (204, {})


@pytest.mark.parametrize(
    ("path", "method", "said"),
    [
        ("/" + "x" * 64, "GET", "less than or equal to 64"),
        ("", "GET", "greater than or equal to 1"),
        ("/dags", "HEAD", "satisfy enum value set: [GET, PUT, POST, PATCH, DELETE]"),
        ("/dags", "get", "satisfy enum value set"),
    ],
)
def test_what_the_service_model_forbids_never_reaches_airflow(stand: Stand, path: str, method: str, said: str) -> None:
    with pytest.raises(stand.client.exceptions.ValidationException) as raised:
        stand.invoke(path, method)

    assert said in raised.value.response["Error"]["Message"]
    assert stand.airflow.asked == []


def test_another_environments_name_is_not_found(stand: Stand) -> None:
    stand.iam.allowed = {"arn:aws:airflow:ap-northeast-1:123456789012:role/other/Op"}

    with pytest.raises(stand.client.exceptions.ResourceNotFoundException) as raised:
        stand.invoke(Name="other")

    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert stand.airflow.asked == []


def test_a_caller_whose_policy_names_no_role_is_denied(stand: Stand) -> None:
    stand.iam.allowed = set()

    with pytest.raises(stand.client.exceptions.AccessDeniedException) as raised:
        stand.invoke(Body=RUN)

    assert "airflow:InvokeRestApi" in raised.value.response["Error"]["Message"]
    roles = ["Admin", "Op", "User", "Viewer", "Public"]
    assert stand.iam.asked == [("airflow:InvokeRestApi", f"{ROLE_ARN}/{role}") for role in roles]
    assert stand.airflow.asked == []


def test_a_bad_signature_is_refused_without_asking_for_every_role(stand: Stand) -> None:
    stand.iam.allowed, stand.iam.code = set(), "InvalidSignatureException"

    assert code_of(lambda: stand.invoke(Body=RUN)) == "InvalidSignatureException"
    assert len(stand.iam.asked) == 1


@pytest.mark.parametrize(
    ("policy", "role"),
    [
        ({"Admin", "Op", "User"}, "ADMIN"),
        ({"Op", "Viewer"}, "OP"),
        ({"User"}, "USER"),
        ({"Viewer", "Public"}, "VIEWER"),
        ({"Public"}, ""),
    ],
)
def test_airflow_sees_the_strongest_role_of_the_policy_and_the_callers_name(
    stand: Stand, policy: set[str], role: str
) -> None:
    stand.iam.allowed = {f"{ROLE_ARN}/{name}" for name in policy}

    stand.invoke(Body=RUN)

    claims = stand.airflow.asked[0]["claims"]
    assert (claims["role"], claims["sub"], claims["aud"]) == (role, "assumed-role/intake/session", "apache-airflow")


def test_a_slow_airflow_is_given_up_though_the_call_got_through(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webserver, "TIMEOUT_SECONDS", 0.2)
    stand.airflow.seconds = 1.0

    with pytest.raises(stand.client.exceptions.InternalServerException, match="did not answer within"):
        stand.invoke(Body=RUN)

    assert stand.airflow.asked[0]["body"] == RUN


def test_an_answer_over_6_mb_fails(stand: Stand) -> None:
    stand.airflow.answer = lambda: JSONResponse("x" * MAX_ANSWER_BYTES)

    with pytest.raises(stand.client.exceptions.InternalServerException, match="larger than 6291456 bytes"):
        stand.invoke("/dags", "GET")


def test_an_answer_of_just_6_mb_comes_through(stand: Stand) -> None:
    stand.airflow.answer = lambda: JSONResponse("x" * (MAX_ANSWER_BYTES - 2))

    assert len(stand.invoke("/dags", "GET")["RestApiResponse"]) == MAX_ANSWER_BYTES - 2


def test_an_airflow_that_is_not_there_is_an_internal_error(tmp_path: Path) -> None:
    with closed_port() as airflow_url, endpoint(tmp_path, airflow_url, FakeIam({f"{ROLE_ARN}/Op"})) as url:
        client = client_of(url)
        with pytest.raises(client.exceptions.InternalServerException, match="cannot be reached"):
            client.invoke_rest_api(Name="gate", Path="/dags", Method="GET")


def test_the_eleventh_request_within_a_second_is_throttled(tmp_path: Path) -> None:
    now = [100.0]
    airflow, iam = FakeAirflow(), FakeIam({f"{ROLE_ARN}/Op"})
    with served(airflow.app()) as airflow_url, endpoint(tmp_path, airflow_url, iam, clock=lambda: now[0]) as url:
        client = client_of(url)

        def call() -> Any:
            return client.invoke_rest_api(Name="gate", Path="/dags", Method="GET")

        for _ in range(10):
            call()
        with pytest.raises(ClientError) as raised:
            call()
        assert raised.value.response["Error"]["Code"] == "ThrottlingException"
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert len(airflow.asked) == 10
        now[0] += 0.11
        call()
        assert code_of(call) == "ThrottlingException"


def test_an_updating_environment_takes_no_calls_and_says_so(stand: Stand) -> None:
    stand.iam.allowed.add("arn:aws:airflow:ap-northeast-1:123456789012:environment/gate")
    (stand.runtime / STATUS_FILE).write_text("UPDATING\n")

    with pytest.raises(stand.client.exceptions.InternalServerException, match="UPDATING"):
        stand.invoke(Body=RUN)
    assert stand.client.get_environment(Name="gate")["Environment"]["Status"] == "UPDATING"


def test_get_environment_tells_status_version_and_address(stand: Stand) -> None:
    stand.iam.allowed.add("arn:aws:airflow:ap-northeast-1:123456789012:environment/gate")

    environment = stand.client.get_environment(Name="gate")["Environment"]

    assert environment["Status"] == "AVAILABLE"
    assert environment["AirflowVersion"] == "3.3.1"
    assert environment["WebserverUrl"].startswith("127.0.0.1:")
    assert environment["Arn"] == "arn:aws:airflow:ap-northeast-1:123456789012:environment/gate"
    assert environment["SourceBucketArn"] == "arn:aws:s3:::dag-bucket"


def test_get_environment_needs_its_own_permission(stand: Stand) -> None:
    assert code_of(lambda: stand.client.get_environment(Name="gate")) == "AccessDeniedException"
    assert stand.iam.asked == [
        ("airflow:GetEnvironment", "arn:aws:airflow:ap-northeast-1:123456789012:environment/gate")
    ]


def test_an_operation_that_the_twin_lacks_is_refused_by_name(stand: Stand) -> None:
    with pytest.raises(ClientError, match="knows InvokeRestApi and GetEnvironment, not POST /clitoken/gate"):
        stand.client.create_cli_token(Name="gate")
