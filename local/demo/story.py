"""The demo: real files through the whole pipeline, and a check of everything it shows."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo

from botocore.exceptions import BotoCoreError, ClientError
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from local import mailbox
from local.demo.following import Sent, StuckError, follow
from local.demo.others import other_files
from local.demo.sales import FAULTS, SalesFile, sales_file
from local.isolation import REGION, clean_environment
from local.supervisor import PartDiedError, watch
from suimon.drops.drop import Drop
from suimon.drops.states import State
from suimon.warehouse.data_api import Warehouse, WarehouseError, run_query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from local.demo.others import OtherFile
    from local.mailbox import Letter
    from local.twin import Twin

ROWS: Final = 50_000
TOKYO: Final = ZoneInfo("Asia/Tokyo")
# Days before today. The day three ago never gets its file; yesterday's is sent broken, then corrected.
GOOD_DAYS, MISSING_DAY, BROKEN_DAY = (5, 4, 2), 3, 1
LOAD_SECONDS, MAIL_SECONDS, CHECK_SECONDS = 240.0, 30.0, 90.0
WAREHOUSE: Final = Warehouse(database="analytics", workgroup_name="suimon-local")
_Found = TypeVar("_Found")


class DemoError(Exception):
    """Something did not happen in time; the message says what was waited for."""


@dataclass
class Checks:
    """What the demo has looked at, and whether it was as it should be."""

    lines: list[tuple[bool, str]] = field(default_factory=list)

    def expect(self, what: str, *, holds: bool) -> None:
        """Note one check."""
        self.lines.append((holds, what))

    @property
    def failed(self) -> list[str]:
        """What was not as it should be."""
        return [what for holds, what in self.lines if not holds]


class Demo:
    """One run of the demo on a twin that is up."""

    def __init__(self, twin: Twin, console: Console, today: date) -> None:
        self.twin = twin
        self.console = console
        self.checks = Checks()
        self.seed = today.toordinal()
        self.days = [today - timedelta(days=days) for days in GOOD_DAYS]
        self.missing = today - timedelta(days=MISSING_DAY)
        self.broken = today - timedelta(days=BROKEN_DAY)
        self.broken_drop = ""
        root = twin.session()
        self.ledger = root.resource("dynamodb").Table(twin.outputs["LedgerTable"])
        self.glue = root.client("glue")
        self.redshift = root.client("redshift-data")

    def run(self) -> Checks:
        """Run the whole story; DemoError, StuckError or PartDiedError when it cannot go on."""
        self.confirm_mail()
        files = {day: sales_file(day, ROWS, self.seed) for day in (*self.days, self.broken)}
        self.drop_files(files)
        self.show_totals(files)
        self.show_rejection()
        self.check_freshness()
        others = other_files(self.broken, self.seed)
        sent = [self._put(file.dataset, file.key, file.content, State.LOADED) for file in others]
        self.replay(files)
        self.show_others(others, sent)
        return self.checks

    def confirm_mail(self) -> None:
        """Open the link in the letter that SNS has sent, as the person who gets the alerts would."""
        self._headline("A person confirms the alert subscription")
        asking = [letter for letter in mailbox.letters(self.twin.mail) if letter.confirmation_url]
        if not asking:
            raise DemoError(f"SNS has sent no letter that asks for a confirmation; the mailbox is {self.twin.mail}")
        for letter in asking:  # one a topic
            mailbox.confirm(letter)
        self.console.print(f"{asking[-1].to} opened the link in “{asking[-1].subject}”.")

    def drop_files(self, files: dict[date, SalesFile]) -> None:
        """Send every file as the upstream system does, and follow each to its end."""
        self._headline(f"An upstream system drops {len(self.days)} days of sales, and one file with bad cells")
        sent = [self._put_sales(str(day), files[day], State.LOADED) for day in self.days]
        broken = sales_file(self.broken, ROWS, self.seed, FAULTS)
        sent.append(self._put_sales(f"{self.broken} broken", broken, State.REJECTED))
        self.broken_drop = sent[-1].drop.id
        self._follow(sent)
        self._headline("The corrected file comes under the same key")
        corrected = [self._put_sales(f"{self.broken} mended", files[self.broken], State.LOADED)]
        self._follow(corrected)

    def show_totals(self, files: dict[date, SalesFile]) -> None:
        """Ask the warehouse what it holds, and compare with what was sent."""
        self._headline("What the warehouse holds")
        rows = run_query(
            self.redshift,
            WAREHOUSE,
            "SELECT order_date, COUNT(*) AS orders, COUNT(DISTINCT order_id) AS order_ids, SUM(amount) AS amount "
            "FROM sales_fact GROUP BY order_date ORDER BY order_date",
        )
        table = Table(pad_edge=False, border_style="dim")
        for heading, justify in (("order_date", "left"), ("orders", "right"), ("amount (円)", "right"), ("", "right")):
            table.add_column(heading, justify=justify)  # type: ignore[arg-type]  # the literals of rich
        found = {row["order_date"]: (row["orders"], row["order_ids"], Decimal(row["amount"])) for row in rows}
        for day in sorted({*found, *files}):
            orders, _, amount = found.get(day, (0, 0, Decimal(0)))
            file = files.get(day)
            right = file is not None and found.get(day) == (file.rows, file.rows, file.amount)
            table.add_row(
                str(day),
                f"{orders:,}",
                f"{amount:,.2f}",
                Text("✓ as sent" if right else "✗", "green" if right else "red"),
            )
            self.checks.expect(f"{day}: rows, order ids and amount as sent", holds=right)
        self.console.print(table)

    def show_rejection(self) -> None:
        """Show the e-mail about the bad file."""
        self._headline("The e-mail about the bad file, as received")
        letter = self._letter(f"rejected:sales/{self.broken}/sales_data.csv")
        self._show(letter)
        self.checks.expect("the e-mail is about the file that was sent", holds=self.broken_drop in letter.body)
        named = all(str(fault.record) in letter.body.replace(",", "") for fault in FAULTS)
        self.checks.expect(f"the e-mail names each of the {len(FAULTS)} bad cells", holds=named)
        self._keep_report()

    def _keep_report(self) -> None:
        """Put the report where a person can open it: the twin's S3 has no console."""
        s3, bucket = self.twin.session().client("s3"), self.twin.outputs["ReportsBucket"]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"sales/{self.broken}/")
        for entry in listed["Contents"]:
            path = self.twin.runtime / "reports" / entry["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, entry["Key"], str(path))

    def check_freshness(self) -> None:
        """Make EventBridge Scheduler start the freshness function once, now instead of in some minutes."""
        self._headline("One scheduled freshness check")
        scheduler = self.twin.session().client("scheduler")
        name = self.twin.outputs["FreshnessFunctionName"]
        deployed = scheduler.get_schedule(Name=name)
        soon = datetime.now(UTC) + timedelta(seconds=1)
        once = f"{name}-demo-{self.seed}"
        scheduler.create_schedule(
            Name=once,
            ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target=deployed["Target"],
        )
        letter = self._letter(f"missing-file:sales:{self.missing}", CHECK_SECONDS)
        self._show(letter)
        # The last that a round asks; when its answer is there, everything before it has been told.
        self._letter("stale-table:user_events", CHECK_SECONDS)
        told = [letter.body for letter in mailbox.letters(self.twin.mail)]
        days = (*self.days, self.missing, self.broken)
        missing = [day for day in days if any(f"missing-file:sales:{day}" in body for body in told)]
        self.checks.expect(f"of all days, {self.missing} is reported missing", holds=missing == [self.missing])
        fresh = not any("stale-table:sales_fact" in body for body in told)
        self.checks.expect("sales_fact is fresh, the empty user_events is not", holds=fresh)

    def replay(self, files: dict[date, SalesFile]) -> None:
        """Run one day again with the operator's own command, and look that nothing is doubled."""
        day = self.days[0]
        self._headline(f"An operator replays {day}")
        keys = self.twin.principals["operator"]
        environment = clean_environment(
            {},
            self.twin.endpoint(),
            AWS_ACCESS_KEY_ID=keys.access_key_id,
            AWS_SECRET_ACCESS_KEY=keys.secret_access_key,
            AWS_REGION=REGION,
            COLUMNS=str(self.console.width),
            **({"FORCE_COLOR": "1"} if self.console.is_terminal else {}),
        )
        command = ["suimon", "replay", "sales", "--from", str(day), "--to", str(day), "--yes"]
        self.console.print(f"[bold]$ {' '.join(command)}[/]")
        program = str(Path(sys.executable).with_name("suimon"))
        # On a terminal it shows itself, live; elsewhere its last words are part of what we print.
        output = None if self.console.is_terminal else subprocess.PIPE
        replayed = subprocess.Popen(
            [program, *command[1:]], env=environment, cwd=self.twin.root, stdout=output, stderr=output, text=True
        )
        try:
            self._wait(lambda: replayed.poll() is not None or None, f"the replay of {day}", LOAD_SECONDS)
        finally:
            if replayed.poll() is None:
                replayed.terminate()
        if replayed.stdout and replayed.stderr:
            self.console.print(Text(f"{replayed.stdout.read()}{replayed.stderr.read()}".strip()))
        self.checks.expect(f"the replay of {day} succeeded", holds=replayed.returncode == 0)
        count = run_query(
            self.redshift,
            WAREHOUSE,
            "SELECT COUNT(*) AS orders, SUM(amount) AS amount FROM sales_fact WHERE order_date = CAST(:day AS DATE)",
            {"day": day},
        )[0]
        same = (count["orders"], Decimal(count["amount"] or 0)) == (files[day].rows, files[day].amount)
        self.console.print(f"{day} holds {count['orders']:,} orders after the replay, as before.")
        self.checks.expect(f"{day}: nothing doubled by the replay", holds=same)

    def show_others(self, files: Sequence[OtherFile], sent: list[Sent]) -> None:
        """Follow a file of each other dataset to its end, and compare what the warehouse holds with what was sent."""
        self._headline("Two other datasets came meanwhile: TSV, compressed, and CP932")
        self._follow(sent)
        for file in files:
            found = run_query(self.redshift, WAREHOUSE, file.figures)[0]
            told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found.items())
            self.console.print(f"{file.dataset}: {told}", highlight=False)
            self.checks.expect(f"{file.dataset}: what was sent is in its table", holds=found == file.wanted)

    def _put_sales(self, label: str, file: SalesFile, expected: State) -> Sent:
        return self._put(label, f"sales/{file.day}/sales_data.csv", file.content, expected)

    def _put(self, label: str, key: str, content: bytes, expected: State) -> Sent:
        bucket, at = self.twin.outputs["RawBucket"], datetime.now(UTC)
        answer = self.twin.session("upstream").client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        drop = Drop(bucket, key, answer["VersionId"], answer["ETag"].strip('"'), len(content), "")
        return Sent(label, drop, at, expected)

    def _follow(self, files: list[Sent]) -> None:
        standings = follow(self.twin, self.console, self.ledger, self.glue, files, LOAD_SECONDS)
        for file in files:
            state = standings[file.drop.id].state
            self.checks.expect(f"{file.label}: {file.expected.lower()}", holds=state is file.expected)

    def _letter(self, incident: str, seconds: float = MAIL_SECONDS) -> Letter:
        def look() -> Letter | None:
            found = [
                letter
                for letter in mailbox.letters(self.twin.mail)
                if f"Incident: {incident}\n" in letter.body and "[RECOVERED]" not in letter.subject
            ]
            return found[-1] if found else None

        return self._wait(look, f"an e-mail about {incident}", seconds)

    def _wait(self, look: Callable[[], _Found | None], what: str, seconds: float) -> _Found:
        deadline = time.monotonic() + seconds
        while (found := look()) is None:
            watch(self.twin)
            if time.monotonic() > deadline:
                raise DemoError(f"Waited {seconds:.0f} s in vain for {what}. Logs: {self.twin.logs}")
            time.sleep(0.3)
        return found

    def _show(self, letter: Letter) -> None:
        text = Text(f"To: {letter.to}\nSubject: {letter.subject}\n\n{letter.body.strip()}")
        self.console.print(Panel(text, title=letter.path.name, title_align="left", border_style="dim"))

    def _headline(self, text: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{text}", align="left")


def tell(twin: Twin, console: Console) -> bool:
    """Run the whole story on a twin that is up; True when everything shown was as it should be."""
    today = datetime.now(TOKYO).date()
    demo = Demo(twin, console, today)
    began = time.monotonic()
    try:
        demo.run()
    except (DemoError, StuckError, PartDiedError, mailbox.ConfirmationError) as error:
        console.print(Text(f"\n{error}", "bold red"))
        return False
    except (BotoCoreError, ClientError, WarehouseError) as error:
        # As a rule the part that should have answered has died; then its name and its log say more.
        console.print(Text(f"\n{_cause(twin, error)}", "bold red"))
        return False
    console.print()
    console.rule(f"[bold]Checked, in {time.monotonic() - began:.0f} s", align="left")
    table = Table.grid(padding=(0, 1))
    for holds, what in demo.checks.lines:
        table.add_row(Text("✓", "green") if holds else Text("✗", "bold red"), what)
    console.print(table)
    console.print()
    return not demo.checks.failed


def _cause(twin: Twin, error: Exception) -> str:
    try:
        watch(twin)
    except PartDiedError as died:
        return str(died)
    return f"{type(error).__name__}: {error}\nEvery part of the twin runs. Logs: {twin.logs}"
